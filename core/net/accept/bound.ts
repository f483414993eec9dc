import type { Plugin, ResolvedSocket, SocketAddress } from "../../contract/index.ts";
import type { TakeConnection } from "../node/raw-accept.ts";
import type { AcceptedClient } from "./accepted-client.ts";

/** Who is given the clients of a bound socket. */
export interface ClientHost {
  /** A client that nothing has been read from. The host puts it into a session, or destroys its leg. */
  accepted(client: AcceptedClient): void;
  /** Datagrams of a client that cannot be kept until its session is open. */
  dropped(datagrams: number, why: "opening"): void;
  /** The operating system refused a connection: the process is out of file descriptors. */
  outOfFiles(): void;
}

/** What a generation asks of a bound socket. Each transport takes what has a meaning for it. */
export interface ListenOptions {
  readonly socket?: ResolvedSocket | undefined;
  /** Datagram flows at most; at the limit the one idle longest is evicted. */
  readonly max: number;
  /** Milliseconds after which a flow without a datagram in either direction ends. */
  readonly idle: number;
  /** Which of a peer's flows a datagram belongs to. @default one flow per peer */
  readonly flowOf?: Plugin["flowOf"];
}

/** A bound socket. It lives from the generation that brought it to the one that drops it, and is never bound again in between. */
export interface Bound {
  readonly local: SocketAddress;
  /**
   * Gives clients to a host from now on; those that come before the first one are turned away.
   * @param helloFirst whether the client's first words are a ClientHello
   */
  accept(host: ClientHost, helloFirst: boolean): void;
  /** Takes the options of a new generation. */
  configure(options: ListenOptions): void;
  /** Gives the file of a unix socket another mode and group. @returns how to take that back @throws the operating system's error */
  permit?(socket: ResolvedSocket): () => void;
  /** Gives connections to whoever hands them to another process, from now on, and to no host. */
  hand?(take: TakeConnection): void;
  /** Takes the flows of a socket of the same transport that was closed to make room for this one. */
  adopt(before: Bound): void;
  /** Stops accepting at once. Connections live on; datagram flows can send no more. Closing it twice does nothing more. */
  close(): void;
  /** At the proxy's end, in place of `close`: a socket that another process has too is left to it. */
  leave?(): void;
  /** Binds a socket again that was closed to make room for another, where it was. Rejects with the operating system's error. */
  reopen(): Promise<void>;
}
