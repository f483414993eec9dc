import type { Socket } from "node:net";
import { askPeer, handleOf } from "./peer-name.ts";

/**
 * Whether a socket's end, as Node reports it, was in fact a reset. When bytes and RST are read together, libuv takes the hang-up for the end of the
 * data (uv__stream_io, "short-circuit iff POLLHUP"), and a cut-off transfer would look complete. After a FIN the system still knows the peer's
 * address until this side has finished too; after a reset it does not. Returns false where that tells nothing: when this side's FIN has been sent,
 * and for a unix socket. A FIN that still waits behind bytes counts as not sent: over TLS those bytes may never be reported as written or as failed,
 * and only this check would end the session.
 */
export function wasReset(socket: Socket): boolean {
  return !socket.writableFinished && (askPeer(handleOf(socket)) ?? 0) !== 0;
}
