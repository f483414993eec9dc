import type { Socket } from "node:net";

/**
 * Two undocumented properties, in Node since 18: the mark that a socket is to be closed by a reset, which Node checks when it closes the handle (no
 * socket has it until it is set), and the socket below a TLS socket.
 */
interface Resettable {
  resetAndClosing?: boolean;
  _parent?: Socket;
}

/** Milliseconds for which a FIN under way may delay a reset. Only a TLS peer that does not read causes such a delay. */
const FIN_PATIENCE_MS = 1000;

/**
 * Destroys a socket so that the peer sees RST. `socket.resetAndDestroy()` waits while a connection is being opened and refuses a unix socket, so this
 * function sets the mark and destroys the socket at once. Unix sockets have no reset: such a socket is closed.
 *
 * While a FIN is being sent libuv refuses to reset (EINVAL of uv_tcp_close_reset), and Node then never closes the socket. So the reset waits for the
 * FIN, usually for one turn of the event loop.
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
 * Marks the socket below a TLS socket, and lets the TLS socket destroy it. Destroying the lower one first makes Node 20 crash (SIGSEGV in
 * `TLSWrap::ClearOut`) when encrypted bytes are still being written.
 */
function destroyByReset(socket: Socket): void {
  const bottom = ("encrypted" in socket ? (socket as Resettable)._parent : undefined) ?? socket;
  // Only a connected TCP socket has a remote family: a unix socket's handle cannot reset.
  if (!bottom.connecting && bottom.remoteFamily !== undefined) (bottom as Resettable).resetAndClosing = true;
  socket.destroy();
}
