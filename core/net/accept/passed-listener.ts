import { reasonOf, SluiceError, type SocketAddress } from "../../contract/index.ts";
import { closeConnection, type TakeConnection } from "../node/raw-accept.ts";
import type { Bound, ClientHost, ListenOptions } from "./bound.ts";
import { passedDescriptor } from "./passed-sockets.ts";
import { StreamListener } from "./stream-listener.ts";

/** By name, as long as this process has them: Node cannot duplicate a descriptor, so one that was closed is gone. */
const open = new Map<string, PassedListener>();

const nobody: ClientHost = {
  accepted: (client) => {
    client.leg.destroy();
  },
  dropped: () => undefined,
  outOfFiles: () => undefined,
};

/**
 * A TCP socket that another process has bound and keeps. What a reload drops stays open, and turns its clients away, until a later config
 * wants it again. At the end it is only left: clients that come then wait for the next process, and none is refused.
 */
export class PassedListener implements Bound {
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
    // Whoever asks for it is its host again, or hands its connections on.
    if (this.#handed !== undefined) this.socket.hand(this.#handed);
    return Promise.resolve();
  }
}
