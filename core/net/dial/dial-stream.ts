import { connect, type NetConnectOpts } from "node:net";
import { StreamLeg } from "../legs/stream-leg.ts";
import { ReadBuffer } from "../node/read-buffer.ts";
import { DialOptions } from "./dial-options.ts";
import type { Destination } from "./race.ts";

/** Starts connecting, half-open. Errors are handled from the first moment, and kept until the leg has a reader. @param label for its errors @param bind the local address */
export function dialStream(to: Destination, label: string, bind: string | undefined): StreamLeg {
  const buffer = new ReadBuffer();
  const socket = connect(new DialOptions(to, { onread: buffer.onread(), noDelay: false, bind }) as NetConnectOpts);
  // Node would read as soon as it is connected, but a connect hook may delay the leg's reader for a while.
  socket.pause();
  return new StreamLeg(socket, "upstream", label, buffer);
}
