import { reasonOf, SluiceError, type FlowTap, type Session, type TappedFlow, type Taps } from "../../contract/index.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

type Report = (error: SluiceError) => void;

interface Watcher {
  readonly begin: (flow: TappedFlow) => FlowTap | undefined;
  readonly report: Report;
}

/** Who watches the legs of the sessions of one pipeline: what TAPS stands for in its plugins. */
export class PipelineTaps {
  readonly #watchers: Watcher[] = [];

  /** What one plugin is given. @param report a tap of its own threw */
  for(report: Report): Taps {
    return {
      tap: (begin) => {
        this.#watchers.push({ begin, report });
      },
    };
  }

  /** Those that watch one direction of a session, as one; null: nobody does. */
  of(session: Session, direction: TappedFlow["direction"], pipeline: Pipeline): Required<FlowTap> | null {
    if (this.#watchers.length === 0) return null;
    const flow = { session, direction, plugins: pipeline[direction].map(({ plugin }) => plugin) };
    const taps = this.#watchers.map((watcher) => guarded(flow, watcher)).filter((tap) => tap !== undefined);
    if (taps.length <= 1) return taps[0] ?? null;
    const all = (tell: (tap: Required<FlowTap>) => void): void => {
      for (const tap of taps) tell(tap);
    };
    return {
      received: (chunk) => all((tap) => tap.received(chunk)),
      sent: (chunk) => all((tap) => tap.sent(chunk)),
      ended: () => all((tap) => tap.ended()),
      finished: () => all((tap) => tap.finished()),
    };
  }
}

/** What a tap throws costs that tap, and never the session. */
function guarded(flow: TappedFlow, { begin, report }: Watcher): Required<FlowTap> | undefined {
  let tap: FlowTap | undefined;
  const guard = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      tap = undefined;
      report(new SluiceError("SLUICE_PLUGIN_FAILED", `a tap failed: ${reasonOf(error)}`, { cause: error }));
    }
  };
  guard(() => {
    tap = begin(flow);
  });
  if (tap === undefined) return undefined;
  return {
    received: (chunk) => guard(() => tap?.received?.(chunk)),
    sent: (chunk) => guard(() => tap?.sent?.(chunk)),
    ended: () => guard(() => tap?.ended?.()),
    finished: () => guard(() => tap?.finished?.()),
  };
}
