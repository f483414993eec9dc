import { filter, type MonoTypeOperatorFunction } from "rxjs";
import { throttleBytes } from "sluice/flow";
import type { Way } from "./fault-kind.ts";
import { heldEnd } from "./held-end.ts";

/**
 * Lets nothing pass. Of a stream it is held, end and all, and the sender is paused: it goes on when the fault is taken away, as a network
 * that works again delivers what TCP sends once more. Datagrams are gone.
 */
export function swallow(datagrams: boolean, { clock }: Way): MonoTypeOperatorFunction<Buffer> {
  if (datagrams) return filter(() => false);
  return (data) =>
    data.pipe(
      throttleBytes(() => Infinity, clock),
      heldEnd(Infinity, clock),
    );
}
