import type { Socket } from "node:net";

/** Node's own mark of a socket to be closed by a reset, and the socket below a TLS socket; both since Node 18, neither documented. */
interface Resettable {
  resetAndClosing?: boolean;
  _parent?: Socket;
}

/**
 * Destroys a socket so that the peer sees RST. `socket.resetAndDestroy()` first waits for what is pending to be written, which at a
 * peer that does not read is never, and sends a FIN before the reset; so its mark is set and the socket destroyed at once. A unix
 * socket knows no reset and is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const bottom = ("encrypted" in socket ? (socket as Resettable)._parent : undefined) ?? socket;
  if ("resetAndClosing" in bottom && !bottom.connecting && bottom.remoteFamily !== undefined) (bottom as Resettable).resetAndClosing = true;
  if (bottom !== socket) bottom.destroy();
  socket.destroy();
}
