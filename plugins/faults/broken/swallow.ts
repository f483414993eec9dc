import { filter, type MonoTypeOperatorFunction } from "rxjs";
import { throttleBytes } from "sluice/flow";
import type { FaultedDirection } from "../definition/fault-kind.ts";
import { heldEnd } from "../slow/held-end.ts";

/**
 * Lets nothing pass. The data and the end of a stream are held, and the sender is paused; they pass when the fault is removed, as a network
 * that works again delivers what TCP sends again. Datagrams are lost.
 */
export function swallow(datagrams: boolean, { clock }: FaultedDirection): MonoTypeOperatorFunction<Buffer> {
  if (datagrams) return filter(() => false);
  return (data) =>
    data.pipe(
      throttleBytes(() => Infinity, clock),
      heldEnd(Infinity, clock),
    );
}
