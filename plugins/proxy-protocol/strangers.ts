import { SluiceError, type Session } from "sluice";
import { carry, each } from "sluice/flow";
import type { MonoTypeOperatorFunction } from "rxjs";
import { SIGNATURE } from "./version-2.ts";

/** The beginnings of headers. `PROXY ` alone is not enough for version 1: other protocols may begin with it. */
const beginnings = [SIGNATURE, ...["TCP4 ", "TCP6 ", "UNKNOWN"].map((word) => Buffer.from(`PROXY ${word}`))];
const longest = Math.max(...beginnings.map((bytes) => bytes.length));

/** The first bytes of a stream, while they may still become a header; undefined when they cannot. */
interface Begun {
  seen: Buffer | undefined;
}

/**
 * Ends a session whose client sends a header although it is not in `from`. Data is passed on at once, even the possible beginning of a header: a
 * client must not be delayed when its server speaks first, or when it sends byte by byte.
 */
export function refuseHeader(session: Session): MonoTypeOperatorFunction<Buffer> {
  if (session.datagrams) return each((datagram) => (begins(datagram) ? refuse(session) : datagram));
  return carry<Begun>({
    // After a reload that added this plugin, an open session is past its beginning.
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
