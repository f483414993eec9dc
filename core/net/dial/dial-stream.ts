import { connect, type NetConnectOpts } from "node:net";
import { StreamLeg } from "../legs/stream-leg.ts";
import { ReadBuffer } from "../node/read-buffer.ts";
import { DialOptions } from "./dial-options.ts";
import type { Destination } from "./race.ts";

/** Starts connecting: half-open, errors handled from the first moment and kept until someone reads. @param bind the local address */
export function dialStream(to: Destination, bind?: string): StreamLeg {
  const buffer = new ReadBuffer();
  const label = "path" in to ? to.path : `${to.host}:${to.port}`;
  const socket = connect(new DialOptions(to, { onread: buffer.onread(), noDelay: false, bind }) as NetConnectOpts);
  // Node would read as soon as it is connected, and a connect hook may keep the leg from its reader for a while.
  socket.pause();
  return new StreamLeg(socket, "upstream", label, buffer);
}
