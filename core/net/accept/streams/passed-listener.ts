import { reasonOf, SluiceError, type SocketAddress } from "../../../contract/index.ts";
import { closeConnection, type TakeConnection } from "../../node/raw-accept.ts";
import type { BoundSocket, ClientHost, ListenOptions } from "../bound-socket.ts";
import { passedDescriptor } from "./passed-sockets.ts";
import { StreamListener } from "./stream-listener.ts";

/** All passed sockets of this process, by name. They are never closed while it runs: Node cannot duplicate a descriptor, so a closed one is gone. */
const open = new Map<string, PassedListener>();

const nobody: ClientHost = {
  accepted: (client) => {
    client.leg.destroy();
  },
  dropped: () => undefined,
  outOfFiles: () => undefined,
};

/**
 * A TCP socket that another process has bound and keeps. When a reload removes it, it stays open and refuses its clients, until a later config uses
 * it again. At the proxy's end this process only stops using it: clients that come then wait for the next process, and none is refused.
 */
export class PassedListener implements BoundSocket {
  #handed: TakeConnection | undefined;

  private constructor(
    private readonly name: string,
    private readonly socket: StreamListener,
  ) {}

  /** @throws SLUICE_ADDRESS_UNAVAILABLE */
  static async take(name: string, listener: string): Promise<PassedListener> {
    const before = open.get(name);
    if (before !== undefined) return before;
    try {
      const taken = new PassedListener(name, await StreamListener.inherit(passedDescriptor(name)));
      open.set(name, taken);
      return taken;
    } catch (error) {
      const why = SluiceError.is(error) ? error.detail : `it is no TCP socket that listens (${reasonOf(error)})`;
      throw new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", `listener "${listener}" cannot have the socket ${JSON.stringify(name)}: ${why}`);
    }
  }

  get local(): SocketAddress {
    return this.socket.local;
  }

  accept(host: ClientHost, helloFirst: boolean): void {
    this.socket.accept(host, helloFirst);
  }

  hand(take: TakeConnection): void {
    this.#handed = take;
    this.socket.hand(take);
  }

  configure(options: ListenOptions): void {
    this.socket.configure(options);
  }

  adopt(): void {
    // Nothing is left with the one before.
  }

  close(): void {
    if (this.#handed === undefined) this.socket.accept(nobody, false);
    else this.socket.hand(closeConnection);
  }

  leave(): void {
    open.delete(this.name);
    this.socket.close();
  }

  async reopen(): Promise<void> {
    // It is in use again: by the same host, or handing its connections on.
    if (this.#handed !== undefined) this.socket.hand(this.#handed);
    return Promise.resolve();
  }
}
