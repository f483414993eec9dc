import type { OnRead } from "../node/late-onread.ts";
import type { Destination } from "./race.ts";
import { SocketOptions } from "../node/socket-options.ts";

/** What `net.connect` is given. */
export class DialOptions extends SocketOptions {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;

  /** @param onread where the socket reads into; undefined: chunks come as `data` events */
  constructor(
    to: Destination,
    readonly onread: OnRead | undefined,
    readonly noDelay: boolean,
  ) {
    super();
    this.host = "path" in to ? undefined : to.host;
    this.port = "path" in to ? undefined : to.port;
    this.path = "path" in to ? to.path : undefined;
  }
}
