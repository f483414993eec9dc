import type { Socket } from "node:net";

/** The handle below a socket, undocumented: libuv's getpeername, an error number of 0 for "connected". */
interface WithHandle {
  readonly _handle?: { readonly getpeername?: (out: object) => unknown } | null;
}

/**
 * Whether what Node reports as a socket's end was a reset. When bytes and RST are read together, libuv takes the hang-up for the end of
 * the data (uv__stream_io, "short-circuit iff POLLHUP"), and a cut-off transfer would pass for a complete one. After a FIN the peer's
 * address can be asked for until this side has finished too; after a reset it cannot. Says false where that is no sign: when this side's
 * FIN has been sent, and for a unix socket. A FIN that still waits behind bytes counts as not sent: over TLS those bytes may never be
 * reported, neither as written nor as failed, and nothing but this would end the session.
 */
export function wasReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as WithHandle;
  if (socket.writableFinished || typeof handle?.getpeername !== "function") return false;
  const failure: unknown = handle.getpeername({});
  // Of a TLS socket on a unix socket it is there, and says nothing.
  return typeof failure === "number" && failure !== 0;
}
