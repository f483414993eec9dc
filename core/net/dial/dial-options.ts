import type { OnRead } from "../node/late-onread.ts";
import type { Destination } from "./race.ts";
import { SocketOptions } from "../node/socket-options.ts";

export interface DialSettings {
  /** The memory that the socket reads into; undefined: chunks come as `data` events. */
  readonly onread: OnRead | undefined;
  readonly noDelay: boolean;
  /** The local address to connect from. */
  readonly bind: string | undefined;
}

/** Options for `net.connect`. */
export class DialOptions extends SocketOptions {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
  readonly onread: OnRead | undefined;
  readonly noDelay: boolean;
  readonly localAddress: string | undefined;

  constructor(to: Destination, { onread, noDelay, bind }: DialSettings) {
    super();
    this.host = "path" in to ? undefined : to.host;
    this.port = "path" in to ? undefined : to.port;
    this.path = "path" in to ? to.path : undefined;
    this.onread = onread;
    this.noDelay = noDelay;
    this.localAddress = "path" in to ? undefined : bind;
  }
}
