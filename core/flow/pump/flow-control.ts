import { SluiceError } from "../../contract/index.ts";
import type { Tap } from "../chain/meter.ts";
import type { RunningOperators } from "./running-operators.ts";

/** What steering needs of its flow. */
export interface Steered {
  /** Goes on after whatever held it up. */
  loosened(): void;
  /** What runs now. @param always where no plugin has the hook, something that lets everything pass, so that there is something to watch */
  running(always: boolean): RunningOperators | undefined;
}

/** Steers one flow from outside: somebody watches it, or holds it up. Made when that is first asked for. */
export class FlowControl {
  #tap: Tap | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly flow: Steered) {}

  /** Nothing passes: chunks wait, and a source that can be paused is. */
  get held(): boolean {
    return this.#timer !== undefined;
  }

  /** Holds it up, for so long at most; again: from now. */
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

  /** One who watches at a time; @throws SLUICE_ADMIN_CONFLICT */
  watch(tap: Tap | undefined): void {
    if (tap !== undefined && this.#tap !== undefined && tap !== this.#tap)
      throw new SluiceError("SLUICE_ADMIN_CONFLICT", "the session is watched already");
    this.#tap = tap;
    this.installed();
  }

  /** Others run from now on. */
  installed(): void {
    this.flow.running(this.#tap !== undefined)?.watch(this.#tap);
  }

  /** The flow is over. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
