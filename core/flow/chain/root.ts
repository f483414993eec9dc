import type { Subscriber, TeardownLogic } from "rxjs";
import { Stage } from "./stage.ts";

/**
 * The head of a flow's operators: the `data` of a byte hook. A Subject would work too; this class has no arrays to copy, and costs a new
 * session nothing until something subscribes.
 */
export class Root extends Stage<Buffer> {
  #first: Subscriber<Buffer> | undefined = undefined;
  #others: Subscriber<Buffer>[] | undefined = undefined;
  #completed = false;
  #heard = false;
  /** Called when the first subscriber has come. */
  onObserved: (() => void) | undefined = undefined;

  _subscribe(subscriber: Subscriber<Buffer>): TeardownLogic {
    if (this.#completed) this.#end(subscriber);
    else if (this.#first === undefined) {
      this.#first = subscriber;
      // Later, because the subscriber is not complete before this returns.
      if (this.onObserved !== undefined) queueMicrotask(this.onObserved);
    }
    // A new array, so that a subscriber that comes in the turn of a chunk (`retry`, `repeat`) does not get that chunk again and again.
    else this.#others = [...(this.#others ?? []).filter(({ closed }) => !closed), subscriber];
  }

  /** Whether anybody has subscribed, or nobody has to any more, since it has completed. */
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

  /** Whether a subscriber was notified of the completion; none is if the operators had unsubscribed before (`take`). */
  get heard(): boolean {
    return this.#heard;
  }

  #end(subscriber: Subscriber<Buffer>): void {
    this.#heard = true;
    subscriber.complete();
  }
}
