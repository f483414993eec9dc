import { checkSize } from "../../contract/options/arguments.ts";
import type { Size } from "../../contract/options/units.ts";

/**
 * Lets an asynchronous operator pause a flow's source. While more bytes than its patience are held, the source is paused: a TCP peer is
 * slowed down, datagrams beyond `limits.bufferPerFlow` are dropped and counted. So a slow operator never grows the memory.
 */
export interface Hold {
  /** True while the flow swaps its operators, also if the swap came after the input's end: emit what is held at once, the input has completed. */
  readonly swapping: boolean;
  /** `bytes` are held from now on. */
  acquire(bytes: number): void;
  /** They are no longer held; `emit` passes on what became of them. Everything that is emitted inside `emit` counts as expected. */
  release(bytes: number, emit: () => void): void;
  /**
   * `emit` passes on `bytes` bytes that did not come from the source, and so cannot be held back by pausing it. If `limits.bufferPerFlow`
   * bytes wait already, nothing is emitted; that is counted, with one warning.
   *
   * @returns whether it was emitted
   */
  offer(bytes: number, emit: () => void): boolean;
}

/** What a flow offers to the holds of its operators. */
export interface HoldTarget {
  readonly swapping: boolean;
  /** The total of held bytes has changed by `bytes`, and the number of holds beyond their patience by `tight`. */
  held(bytes: number, tight: number): void;
  /** Registers `hurry`, to be called when a swap comes after the input has completed. */
  onHurry(hurry: () => void): void;
  /** Runs `emit` as a turn of the flow. */
  turn(emit: () => void): void;
  /** The same for data that did not come from the source. @returns false if there is no room: then nothing is emitted */
  offer(bytes: number, emit: () => void): boolean;
}

const nowhere: HoldTarget = {
  swapping: false,
  held: () => undefined,
  onHurry: () => undefined,
  offer: (_bytes, emit) => {
    emit();
    return true;
  },
  turn: (emit) => {
    emit();
  },
};

let current: HoldTarget = nowhere;

/**
 * Makes a hold on the flow in which an operator is being subscribed to: call it in the operator's subscribe function. Outside a live flow
 * (for example under a TestScheduler) it does nothing.
 *
 * @param patience bytes that may be held before the source is paused, or a text such as `"64KiB"`; never more than `limits.bufferPerFlow`
 * @param hurry called when a swap comes while held data waits after the input's end: emit all of it, and complete
 * @throws SLUICE_PLUGIN_ARGUMENT for a patience that is no size
 */
export function hold(patience: Size = 0, hurry?: () => void): Hold {
  const bytes = checkSize("hold", patience);
  if (hurry !== undefined) current.onHurry(hurry);
  return new FlowHold(current, bytes);
}

/** Makes `flow` the target of {@link hold} while `work` runs. */
export function holdingThrough<T>(flow: HoldTarget, work: () => T): T {
  const outer = current;
  current = flow;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** A target of its own in front of the one that {@link hold} would use now: everything held through it can be released at once. */
export function heldApart(): HoldTarget & { letGo(): void } {
  return new HeldApart(current);
}

class HeldApart implements HoldTarget {
  #bytes = 0;
  #tight = 0;
  #gone = false;

  constructor(private readonly flow: HoldTarget) {}

  get swapping(): boolean {
    return this.flow.swapping;
  }

  held(bytes: number, tight: number): void {
    if (this.#gone) return;
    this.#bytes += bytes;
    this.#tight += tight;
    this.flow.held(bytes, tight);
  }

  offer(bytes: number, emit: () => void): boolean {
    return this.flow.offer(bytes, emit);
  }

  onHurry(hurry: () => void): void {
    this.flow.onHurry(hurry);
  }

  turn(emit: () => void): void {
    this.flow.turn(emit);
  }

  /** Releases everything: its operators are gone, and will release nothing themselves. */
  letGo(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#bytes !== 0) this.flow.held(-this.#bytes, -this.#tight);
  }
}

class FlowHold implements Hold {
  #held = 0;
  #tight = false;

  constructor(
    private readonly flow: HoldTarget,
    private readonly patience: number,
  ) {}

  get swapping(): boolean {
    return this.flow.swapping;
  }

  acquire(bytes: number): void {
    this.#change(bytes);
  }

  release(bytes: number, emit: () => void): void {
    this.flow.turn(emit);
    this.#change(-bytes);
  }

  offer(bytes: number, emit: () => void): boolean {
    return this.flow.offer(bytes, emit);
  }

  #change(bytes: number): void {
    this.#held += bytes;
    const tight = this.#held > this.patience;
    const step = Number(tight) - Number(this.#tight);
    this.#tight = tight;
    if (bytes !== 0) this.flow.held(bytes, step);
  }
}
