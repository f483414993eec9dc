import type { FlowTap, SluiceError, TappedFlow, TappedWire, Taps, WireTap } from "../../contract/index.ts";

/** The taps of one plugin, and the function that reports an error of theirs. */
export interface TapWatcher {
  readonly begin: (flow: TappedFlow) => FlowTap | undefined;
  readonly report: (error: SluiceError) => void;
}

/** Whoever watches what is below the TLS of sessions. */
export interface WireWatcher {
  readonly begin: (wire: TappedWire) => WireTap | undefined;
  readonly report: (error: SluiceError) => void;
}

/** The watchers of the sessions of one pipeline. Makes the value of TAPS for its plugins. */
export class PipelineTaps {
  readonly watchers: TapWatcher[] = [];
  readonly wires: WireWatcher[] = [];

  /** The value of TAPS for one plugin. @param report called when one of its taps threw */
  for(report: TapWatcher["report"]): Taps {
    return {
      tap: (begin) => {
        this.watchers.push({ begin, report });
      },
      wire: (begin) => {
        this.wires.push({ begin, report });
      },
    };
  }
}
