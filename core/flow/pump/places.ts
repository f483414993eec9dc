import type { Crossing, PluginMeter, Tap } from "../chain/meter.ts";

/** The last stage of a plugin in a flow. */
export interface MeteredStage {
  exit: Crossing | undefined;
  watch(tap: Tap | undefined): void;
}

const none: readonly MeteredStage[] = [];

/** Joins the plugins of one flow as its hooks are called: what leaves one comes to the next that takes part. */
export class Places {
  /** Where chunks come to the first of them. */
  first: Crossing | undefined;
  #last: MeteredStage | undefined;
  #meter: PluginMeter | undefined;
  /** Those that run apart, as RxJS subscribes to them: a chain of `each` stages is watched at its last. */
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

  /** There are no more. */
  end(): void {
    if (this.#last !== undefined) this.#last.exit = this.#meter?.to(undefined);
  }

  /** Where a flow is watched that is no chain. @param output of the whole flow */
  stagesOf(output: object, isRaw: boolean): readonly MeteredStage[] {
    return isRaw && output === this.#last ? [...(this.#apart ?? []), this.#last] : none;
  }
}
