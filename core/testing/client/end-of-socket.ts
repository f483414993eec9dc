import { readSync } from "node:fs";
import type { Socket } from "node:net";
import { wasReset } from "../../net/node/was-reset.ts";
import type { Ending } from "./test-client.ts";

/** The handle of a socket, and the socket below a TLS socket; both are undocumented. */
interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
  readonly _parent?: Socket;
}

const byte = Buffer.alloc(1);

/**
 * The kind of a socket's end, to be called in its event `end`. When bytes and RST are read together, libuv reports an end without the error
 * (uv__stream_io, "short-circuit iff POLLHUP"); but the kernel still has the error, and returns it at the next read. This works also after this
 * side has sent its FIN, when `wasReset` cannot tell.
 */
export function endingOf(socket: Socket): Ending {
  const below = "encrypted" in socket ? (socket as unknown as WithHandle)._parent : socket;
  const fd = (below as unknown as WithHandle | undefined)?._handle?.fd ?? -1;
  if (fd < 0) return wasReset(socket) ? "reset" : "fin";
  try {
    readSync(fd, byte);
    return "fin";
  } catch (error) {
    return isReset(error) ? "reset" : "fin";
  }
}

/** The kind of end for a socket's error: a peer that is gone has reset the connection. */
export function endingBy(error: Error): Ending {
  return isReset(error) ? "reset" : error;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
