import type { SocketAddress } from "../../../contract/index.ts";
import { socketOf, type Connection } from "../../node/raw-accept.ts";
import { ReadBuffer } from "../../node/read-buffer.ts";
import type { BoundSocket, ClientHost, ListenOptions } from "../bound-socket.ts";
import { StreamClient, TlsClient } from "./stream-client.ts";
import { tryStreams } from "./stream-trials.ts";

/** A stream socket that another process has bound. That process accepts its connections and hands them to this process. */
export class HandedAcceptor implements BoundSocket {
  #host: ClientHost | undefined;
  #helloFirst = false;
  #keepAlive: number | undefined;

  private constructor(
    readonly local: SocketAddress,
    private readonly canBeFast: boolean,
  ) {}

  static async open(local: SocketAddress): Promise<HandedAcceptor> {
    return new HandedAcceptor(local, await tryStreams());
  }

  accept(host: ClientHost, helloFirst: boolean): void {
    this.#host = host;
    this.#helloFirst = helloFirst;
  }

  configure({ socket }: ListenOptions): void {
    this.#keepAlive = socket?.keepAlive;
  }

  /** Takes a connection from which nothing has been read. */
  take(connection: Connection): void {
    const buffer = this.canBeFast ? new ReadBuffer() : undefined;
    const socket = socketOf(connection, buffer);
    if (this.#host === undefined) {
      socket.destroy();
      return;
    }
    if (this.#keepAlive !== undefined) socket.setKeepAlive(true, this.#keepAlive);
    this.#host.accepted(this.#helloFirst ? new TlsClient(socket, buffer) : new StreamClient(socket, buffer));
  }

  adopt(): void {
    // Connections have sockets of their own.
  }

  close(): void {
    // The other process closes it.
  }

  async reopen(): Promise<void> {
    // The other process binds it.
    return Promise.resolve();
  }
}
