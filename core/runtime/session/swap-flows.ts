import type { SluiceError } from "../../contract/index.ts";
import { blameOf, faultOf } from "../../flow/chain/fault.ts";
import type { Flow } from "../../flow/pump/flow.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/** A byte hook that threw when it was called for a swap. */
export interface SwapFault {
  readonly plugin: string;
  readonly error: SluiceError;
}

/**
 * Calls another pipeline's byte hooks for both flows of a session. Nothing changes by that.
 *
 * @returns how to swap to them; or the fault of a hook that threw
 */
export function prepareSwap(toUpstream: Flow | undefined, toClient: Flow | undefined, next: Pipeline): SwapFault | (() => void) {
  try {
    const outwards = toUpstream?.prepare(next.fromClient);
    const back = toClient?.prepare(next.fromUpstream);
    return () => {
      toUpstream?.swap(outwards);
      toClient?.swap(back);
    };
  } catch (error) {
    const plugin = blameOf(error) ?? "unknown";
    return { plugin, error: faultOf(plugin, error) };
  }
}
