import type { Socket } from "node:net";

/** The undocumented handle below a socket, with libuv's getpeername. It returns 0 for "connected", else an error number. */
interface WithHandle {
  readonly _handle?: { readonly getpeername?: (out: object) => unknown } | null;
}

/**
 * Whether a socket's end, as Node reports it, was in fact a reset. When bytes and RST are read together, libuv takes the hang-up for the end of the
 * data (uv__stream_io, "short-circuit iff POLLHUP"), and a cut-off transfer would look complete. After a FIN the system still knows the peer's
 * address until this side has finished too; after a reset it does not. Returns false where that tells nothing: when this side's FIN has been sent,
 * and for a unix socket. A FIN that still waits behind bytes counts as not sent: over TLS those bytes may never be reported as written or as failed,
 * and only this check would end the session.
 */
export function wasReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as WithHandle;
  if (socket.writableFinished || typeof handle?.getpeername !== "function") return false;
  const failure: unknown = handle.getpeername({});
  // A TLS socket on a unix socket has the function too, but it returns no number.
  return typeof failure === "number" && failure !== 0;
}
