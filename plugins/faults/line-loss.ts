import { filter, type MonoTypeOperatorFunction } from "rxjs";
import { delayBytes } from "sluice/flow";
import { z } from "zod";
import { commonOptions, share } from "./definition/every-fault.ts";
import { defineFault } from "./definition/define-fault.ts";
import type { FaultKind, FaultedDirection } from "./definition/fault-kind.ts";
import { lossOf } from "./datagrams/lossy.ts";

/** Bytes of data in a full packet on Ethernet, without the headers of IP and TCP. */
const PACKET = 1460;
/** The shortest time after which TCP sends again (1 s in RFC 6298, 200 ms in Linux). */
const AGAIN_MS = 200;

const schema = z.object({
  ...commonOptions,
  /** The share of the packets that are lost, 0 to 1. */
  rate: share(),
});

/** Lost packets as each transport sees them: datagrams are lost, and data of a stream is late, since TCP sends it again. Used by `network()`. */
export const lineLoss = defineFault({
  id: "lineLoss",
  schema,
  on: "both",
  make: ({ rate }, { datagrams }) => ({ data: (data, way) => data.pipe(lossy(rate, datagrams, way)) }),
} satisfies FaultKind<typeof schema>);

function lossy(rate: number, datagrams: boolean, way: FaultedDirection): MonoTypeOperatorFunction<Buffer> {
  const isLost = lossOf(rate, undefined, way);
  if (datagrams) return filter(() => !isLost());
  const late = (chunk: Buffer): number => {
    const packets = Math.ceil(chunk.length / PACKET);
    for (let packet = 0; packet < packets; packet += 1) if (isLost()) return AGAIN_MS;
    return 0;
  };
  return delayBytes(late, way.clock);
}
