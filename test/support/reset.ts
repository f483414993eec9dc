import type { Socket } from "node:net";
import { wasReset } from "../../core/net/node/was-reset.ts";
import { bounded } from "./bounded.ts";

/** Reads on until the other side finishes or breaks off: its FIN gives undefined, its reset the error code, as late as libuv tells it. */
export async function breakOf(socket: Socket): Promise<string | undefined> {
  const over = new Promise<string | undefined>((resolve) => {
    socket.once("end", () => resolve(wasReset(socket) ? "ECONNRESET" : undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  socket.resume();
  return bounded(over, "a FIN or a reset");
}
