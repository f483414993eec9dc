import type { FlowTap, SluiceError, TappedFlow, Taps } from "../../contract/index.ts";

/** Whoever watches sessions, and what it costs when that throws. */
export interface TapWatcher {
  readonly begin: (flow: TappedFlow) => FlowTap | undefined;
  readonly report: (error: SluiceError) => void;
}

/** Who watches the legs of the sessions of one pipeline: what TAPS stands for in its plugins. */
export class PipelineTaps {
  readonly watchers: TapWatcher[] = [];

  /** What one plugin is given. @param report a tap of its own threw */
  for(report: TapWatcher["report"]): Taps {
    return {
      tap: (begin) => {
        this.watchers.push({ begin, report });
      },
    };
  }
}
