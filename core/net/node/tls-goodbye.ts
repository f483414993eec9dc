import type { Socket } from "node:net";

/** How long a peer that takes nothing may keep a socket from being closed. */
const PATIENCE_MS = 200;

/**
 * Closes a TLS socket with a close_notify, without which its peer would have to take the end for an attack (RFC 8446 section 6.1).
 * `destroy()` alone sends none. What was written before is sent first, as far as the peer takes it in time.
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
