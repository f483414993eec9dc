import type { FlowTap, TappedFlow } from "../../contract/index.ts";
import { GuardedWatcher } from "../version/guarded-watcher.ts";
import type { TapWatcher } from "../version/pipeline-taps.ts";

type Tap = Required<FlowTap>;
type Begun = ReadonlyMap<TapWatcher, Tap | undefined>;

const none: Begun = new Map();

/** The watchers of one session's legs. When a watcher comes or goes, the others continue; a new pipeline starts all of them again. */
export class SessionTaps {
  #pipeline: object | undefined;
  #begun: { readonly fromClient: Begun; readonly fromUpstream: Begun } = { fromClient: none, fromUpstream: none };

  /** All taps of one direction, as one tap; null: there is none. @param pipeline that the session is on */
  of(flow: TappedFlow, pipeline: object, watchers: readonly TapWatcher[]): Tap | null {
    if (this.#pipeline !== pipeline) this.#begun = { fromClient: none, fromUpstream: none };
    this.#pipeline = pipeline;
    const known = this.#begun[flow.direction];
    const begun = new Map(watchers.map((each) => [each, known.has(each) ? known.get(each) : guarded(flow, each)]));
    this.#begun = { ...this.#begun, [flow.direction]: begun };
    return joined([...begun.values()].filter((tap) => tap !== undefined));
  }
}

function joined(taps: readonly Tap[]): Tap | null {
  if (taps.length <= 1) return taps[0] ?? null;
  const all = (tell: (tap: Tap) => void): void => {
    for (const tap of taps) tell(tap);
  };
  return {
    received: (chunk) => all((tap) => tap.received(chunk)),
    sent: (chunk) => all((tap) => tap.sent(chunk)),
    ended: () => all((tap) => tap.ended()),
    finished: () => all((tap) => tap.finished()),
  };
}

function guarded(flow: TappedFlow, { begin, report }: TapWatcher): Tap | undefined {
  const watcher = GuardedWatcher.begin(() => begin(flow), "a tap", report);
  return (
    watcher && {
      received: (chunk) => watcher.tell((tap) => tap.received?.(chunk)),
      sent: (chunk) => watcher.tell((tap) => tap.sent?.(chunk)),
      ended: () => watcher.tell((tap) => tap.ended?.()),
      finished: () => watcher.tell((tap) => tap.finished?.()),
    }
  );
}
