import { SluiceError } from "../../contract/index.ts";
import type { Tap } from "../chain/meter.ts";
import type { RunningOperators } from "./running-operators.ts";

/** What a {@link FlowControl} needs from its flow. */
export interface ControlledFlow {
  /** Continues after whatever held it up. */
  loosened(): void;
  /** The operators that run now. @param always if no plugin has the hook, operators that let everything pass, so that there is something to watch */
  running(always: boolean): RunningOperators | undefined;
}

/** Controls one flow from outside: somebody watches it, or holds it up. Made when that is first asked for. */
export class FlowControl {
  #tap: Tap | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly flow: ControlledFlow) {}

  /** Whether the flow is held up: nothing passes, chunks wait, and the source is paused if it can be. */
  get held(): boolean {
    return this.#timer !== undefined;
  }

  /** Holds the flow up for at most this long from now, also if it is held up already. */
  hold(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.release();
    }, milliseconds);
    this.#timer.unref();
  }

  release(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.flow.loosened();
  }

  /** Sets the observer, one at a time. @param tap undefined: none @throws SLUICE_ADMIN_CONFLICT when there is another */
  watch(tap: Tap | undefined): void {
    if (tap !== undefined && this.#tap !== undefined && tap !== this.#tap)
      throw new SluiceError("SLUICE_ADMIN_CONFLICT", "the session is watched already");
    this.#tap = tap;
    this.installed();
  }

  /** Other operators run from now on. */
  installed(): void {
    this.flow.running(this.#tap !== undefined)?.watch(this.#tap);
  }

  /** The flow is over. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
