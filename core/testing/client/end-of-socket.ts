import { readSync } from "node:fs";
import type { Socket } from "node:net";
import { wasReset } from "../../net/node/was-reset.ts";
import type { Ending } from "./test-client.ts";

/** The handle below a socket, and the socket below a TLS socket: undocumented. */
interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
  readonly _parent?: Socket;
}

const byte = Buffer.alloc(1);

/**
 * What a socket's end was, asked within its event `end`. When bytes and RST are read together, libuv tells of an end, and keeps the error
 * to itself (uv__stream_io, "short-circuit iff POLLHUP"); but the kernel still has it, and gives it to the next read. That holds too when this
 * side has sent its FIN, where `wasReset` has no sign.
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

/** What a socket's error says of its end: a peer that is gone has reset it. */
export function endingBy(error: Error): Ending {
  return isReset(error) ? "reset" : error;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
