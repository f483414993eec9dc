import type { Socket } from "node:net";

/** Milliseconds for which a peer that does not read may delay the close of a socket. */
const PATIENCE_MS = 200;

/**
 * Closes a TLS socket with a close_notify, without which its peer would have to take the end for an attack (RFC 8446 section 6.1).
 * `destroy()` alone sends none. Bytes that were written before are sent first, if the peer reads them in time.
 */
export function sayGoodbye(socket: Socket): void {
  if (socket.destroyed || socket.writableFinished) {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  socket.once("close", () => {
    clearTimeout(timer);
  });
  socket.destroySoon();
}
