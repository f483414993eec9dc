import { Observable, type Subscriber, type TeardownLogic } from "rxjs";

/**
 * The head of a flow's operators: what the `data` of a byte hook is. A Subject would do; this one has no arrays to copy and costs a
 * new session nothing until something subscribes.
 */
export class Root extends Observable<Buffer> {
  #first: Subscriber<Buffer> | undefined = undefined;
  #others: Subscriber<Buffer>[] | undefined = undefined;
  #completed = false;

  _subscribe(subscriber: Subscriber<Buffer>): TeardownLogic {
    if (this.#completed) subscriber.complete();
    else if (this.#first === undefined) this.#first = subscriber;
    else (this.#others ??= []).push(subscriber);
  }

  next(chunk: Buffer): void {
    this.#first?.next(chunk);
    if (this.#others !== undefined) for (const other of this.#others) other.next(chunk);
  }

  complete(): void {
    if (this.#completed) return;
    this.#completed = true;
    const all = [this.#first, ...(this.#others ?? [])];
    this.#first = undefined;
    this.#others = undefined;
    for (const subscriber of all) subscriber?.complete();
  }
}
