import type { Socket } from "node:net";

/**
 * Node's own mark of a socket to be closed by a reset, which it looks for when it closes the handle and which no socket has before it is
 * set, and the socket below a TLS socket; both since Node 18, neither documented.
 */
interface Resettable {
  resetAndClosing?: boolean;
  _parent?: Socket;
}

/** How long a FIN that is under way may delay a reset. Only a TLS peer that does not read makes it wait. */
const FIN_PATIENCE_MS = 1000;

/**
 * Destroys a socket so that the peer sees RST. `socket.resetAndDestroy()` waits for a connection that is being opened and refuses
 * a unix socket, so its mark is set and the socket destroyed at once. A unix socket knows no reset and is closed.
 *
 * While a FIN is being sent libuv refuses to reset (EINVAL of uv_tcp_close_reset), and Node then never closes the socket: so the reset
 * waits for the FIN, a turn of the event loop as a rule.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded || socket.writableFinished || socket.writableLength > 0) {
    destroyByReset(socket);
    return;
  }
  const timer = setTimeout(() => socket.destroy(), FIN_PATIENCE_MS);
  socket.once("finish", () => {
    destroyByReset(socket);
  });
  socket.once("close", () => {
    clearTimeout(timer);
  });
}

/**
 * Of a TLS socket the one below is marked, and left to the TLS socket to destroy. Destroying it first makes Node 20 crash (SIGSEGV in
 * `TLSWrap::ClearOut`) when encrypted bytes are still being written.
 */
function destroyByReset(socket: Socket): void {
  const bottom = ("encrypted" in socket ? (socket as Resettable)._parent : undefined) ?? socket;
  // Only a connected TCP socket has a remote family: a unix socket's handle cannot reset.
  if (!bottom.connecting && bottom.remoteFamily !== undefined) (bottom as Resettable).resetAndClosing = true;
  socket.destroy();
}
