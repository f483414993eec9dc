import type { Plugin, ResolvedSocket, SocketAddress } from "../../contract/index.ts";
import type { TakeConnection } from "../node/raw-accept.ts";
import type { AcceptedClient } from "./accepted-client.ts";

/** Takes the clients of a bound socket. */
export interface ClientHost {
  /** A new client, from which nothing has been read. The host puts it into a session, or destroys its leg. */
  accepted(client: AcceptedClient): void;
  /** Datagrams of a client were dropped, as too many came before its session was open. */
  dropped(datagrams: number, why: "opening"): void;
  /** The operating system refused a connection: the process is out of file descriptors. */
  outOfFiles(): void;
}

/** The options that a generation sets on a bound socket. Each transport uses those that mean something to it. */
export interface ListenOptions {
  readonly socket?: ResolvedSocket | undefined;
  /** Datagram flows at most; at the limit the flow that has been idle longest is evicted. */
  readonly max: number;
  /** Milliseconds after which a flow without a datagram in either direction ends. */
  readonly idle: number;
  /** Datagrams of a client in one flow; the next one begins another flow. @default no limit */
  readonly datagrams?: number | undefined;
  /** Replies to each datagram of a client, after which a flow ends. @default only its idle time ends it */
  readonly replies?: number | undefined;
  /** Decides which of a peer's flows a datagram belongs to. @default one flow per peer */
  readonly flowOf?: Plugin["flowOf"];
}

/** A bound socket. It lives from the generation that adds it to the generation that removes it, and is never bound again in between. */
export interface BoundSocket {
  readonly local: SocketAddress;
  /**
   * Gives clients to a host from now on. Clients that come before there is a host are refused.
   * @param helloFirst whether the first bytes of a client are a ClientHello
   */
  accept(host: ClientHost, helloFirst: boolean): void;
  /** Takes the options of a new generation. */
  configure(options: ListenOptions): void;
  /**
   * Gives the file of a unix socket another mode and group.
   *
   * @param listener its name, for the message
   * @returns a function that restores the old ones
   * @throws SLUICE_CONFIG_INVALID for an unknown group; the operating system's error
   */
  permit?(socket: ResolvedSocket, listener: string): () => void;
  /** From now on gives connections to `take`, which sends them to another process, and no longer to a host. */
  hand?(take: TakeConnection): void;
  /** Takes over the flows of a socket of the same transport that was closed to make room for this one. */
  adopt(before: BoundSocket): void;
  /** Stops accepting at once. Connections stay open; datagram flows can no longer send. A second call does nothing. */
  close(): void;
  /** Replaces `close` at the proxy's end, for a socket that another process also has: the socket stays open there. */
  leave?(): void;
  /** Binds a socket that was closed to make room for another one at the same address again. Rejects with the operating system's error. */
  reopen(): Promise<void>;
}
