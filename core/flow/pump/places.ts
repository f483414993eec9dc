import type { Crossing, PluginMeter, Tap } from "../chain/meter.ts";

/** The last stage of a plugin in a flow. */
export interface MeteredStage {
  exit: Crossing | undefined;
  watch(tap: Tap | undefined): void;
}

const none: readonly MeteredStage[] = [];

/** Connects the plugins of one flow while its hooks are called: what leaves one plugin comes to the next that works on the data. */
export class Places {
  /** The place where chunks reach the first plugin. */
  first: Crossing | undefined;
  #last: MeteredStage | undefined;
  #meter: PluginMeter | undefined;
  /** The stages that run separately, since RxJS subscribes to them: a chain of `each` stages is watched at its last. */
  #apart: MeteredStage[] | undefined;

  add(stage: MeteredStage, meter: PluginMeter | undefined): void {
    if (this.#last === undefined) this.first = meter?.first;
    else {
      this.#last.exit = this.#meter?.to(meter);
      if (!("input" in stage && "input" in this.#last)) (this.#apart ??= []).push(this.#last);
    }
    this.#last = stage;
    this.#meter = meter;
  }

  /** There are no more plugins. */
  end(): void {
    if (this.#last !== undefined) this.#last.exit = this.#meter?.to(undefined);
  }

  /** The stages at which a flow that is not a chain is watched. @param output of the whole flow */
  stagesOf(output: object, isRaw: boolean): readonly MeteredStage[] {
    return isRaw && output === this.#last ? [...(this.#apart ?? []), this.#last] : none;
  }
}
