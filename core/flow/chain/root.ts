import type { Subscriber, TeardownLogic } from "rxjs";
import { Stage } from "./stage.ts";

/**
 * The head of a flow's operators: what the `data` of a byte hook is. A Subject would do; this one has no arrays to copy and costs a
 * new session nothing until something subscribes.
 */
export class Root extends Stage<Buffer> {
  #first: Subscriber<Buffer> | undefined = undefined;
  #others: Subscriber<Buffer>[] | undefined = undefined;
  #completed = false;
  #heard = false;
  /** Called when somebody subscribes, at last. */
  onObserved: (() => void) | undefined = undefined;

  _subscribe(subscriber: Subscriber<Buffer>): TeardownLogic {
    if (this.#completed) this.#end(subscriber);
    else if (this.#first === undefined) {
      this.#first = subscriber;
      // Later, because the subscriber is not complete before this returns.
      if (this.onObserved !== undefined) queueMicrotask(this.onObserved);
    }
    // A new array, so that who subscribes in the turn of a chunk (`retry`, `repeat`) is not given that chunk, and over and over.
    else this.#others = [...(this.#others ?? []).filter(({ closed }) => !closed), subscriber];
  }

  /** Whether anybody has subscribed, or nobody need any more. */
  get observed(): boolean {
    return this.#first !== undefined || this.#completed;
  }

  next(chunk: Buffer): void {
    const others = this.#others;
    this.#first?.next(chunk);
    if (others !== undefined) for (const other of others) other.next(chunk);
  }

  complete(): void {
    if (this.#completed) return;
    this.#completed = true;
    const all = [this.#first, ...(this.#others ?? [])];
    this.#first = undefined;
    this.#others = undefined;
    for (const subscriber of all) if (subscriber?.closed === false) this.#end(subscriber);
  }

  /** Whether anybody was told that it is complete; nobody is where the operators had left before (`take`). */
  get heard(): boolean {
    return this.#heard;
  }

  #end(subscriber: Subscriber<Buffer>): void {
    this.#heard = true;
    subscriber.complete();
  }
}
