import type { Socket } from "node:net";

/**
 * Node's own mark of a socket to be closed by a reset, which it looks for when it closes the handle and which no socket has before it is
 * set, and the socket below a TLS socket; both since Node 18, neither documented.
 */
interface Resettable {
  resetAndClosing?: boolean;
  _parent?: Socket;
}

/**
 * Destroys a socket so that the peer sees RST. `socket.resetAndDestroy()` waits for a connection that is being opened and refuses
 * a unix socket, so its mark is set and the socket destroyed at once. A unix socket knows no reset and is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const bottom = ("encrypted" in socket ? (socket as Resettable)._parent : undefined) ?? socket;
  // Only a connected TCP socket has a remote family: a unix socket's handle cannot reset.
  if (!bottom.connecting && bottom.remoteFamily !== undefined) (bottom as Resettable).resetAndClosing = true;
  if (bottom !== socket) bottom.destroy();
  socket.destroy();
}
