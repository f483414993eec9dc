import { SluiceError, type Session } from "sluice";
import { carry, each } from "sluice/flow";
import type { MonoTypeOperatorFunction } from "rxjs";
import { SIGNATURE } from "./version-2.ts";

/** How a header begins: a line of version 1 that only begins with `PROXY ` may be anything. */
const beginnings = [SIGNATURE, ...["TCP4 ", "TCP6 ", "UNKNOWN"].map((word) => Buffer.from(`PROXY ${word}`))];
const longest = Math.max(...beginnings.map((bytes) => bytes.length));

/** What a stream began with, as far as that may still be a header's beginning; undefined: it is none. */
interface Begun {
  seen: Buffer | undefined;
}

/**
 * Ends a session that begins with a header though nobody believes its client. What comes is passed on at once, also the beginning of what may
 * become a header: a client whose server speaks first, or that sends byte by byte, must not be held up.
 */
export function refuseHeader(session: Session): MonoTypeOperatorFunction<Buffer> {
  if (session.datagrams) return each((datagram) => (begins(datagram) ? refuse(session) : datagram));
  return carry<Begun>({
    // A session that was open before this plugin came is not at its beginning.
    start: () => ({ seen: session.fromClient.chunks === 0 ? Buffer.alloc(0) : undefined }),
    step: (begun, chunk) => {
      if (begun.seen === undefined) return chunk;
      const seen = Buffer.concat([begun.seen, chunk.subarray(0, longest)]);
      if (begins(seen)) return refuse(session);
      begun.seen = mayBegin(seen) ? seen : undefined;
      return chunk;
    },
  });
}

function begins(bytes: Buffer): boolean {
  return beginnings.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning));
}

function mayBegin(bytes: Buffer): boolean {
  return beginnings.some((beginning) => beginning.subarray(0, bytes.length).equals(bytes));
}

function refuse({ peer }: Session): never {
  throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `${String(peer)} sent a PROXY header, and is none of those in "from" of proxyProtocol()`);
}
