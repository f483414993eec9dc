import { LRUCache } from "lru-cache";
import type { Answer, Found } from "../../../contract/index.ts";
import { BucketBook, type BucketPayment } from "../../../runtime/state/bucket-book.ts";
import type { Said } from "../../wire/calls.ts";
import { Deferred } from "../../wire/deferred.ts";
import { unpackError, type PackedError } from "../../wire/packed-error.ts";

/** Answers that are kept at most, and questions under way at most. */
const MOST = 10_000;
/** Milliseconds after which a worker that was to find something out is no longer waited for. */
const PATIENCE = 30_000;

/** A worker that asks. */
type Asker = object;

interface Asking {
  readonly number: number;
  readonly finder: Asker;
  readonly since: number;
  readonly waiting: { readonly asker: Asker; readonly said: Deferred<Said> }[];
}

interface Kept {
  readonly value: unknown;
  readonly since: number;
  readonly until: number;
  /** Workers that have already got the answer. */
  readonly given: WeakSet<Asker>;
}

/** What all workers share (ADR 0053): token buckets, and answers that one of them has found out for all. */
export class SharedBook {
  readonly #buckets = new BucketBook();
  readonly #kept = new LRUCache<string, Kept>({ max: MOST });
  readonly #asking = new Map<string, Asking>();
  #last = 0;

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  take(price: BucketPayment): number {
    return this.#buckets.take(price);
  }

  /** @returns the answer of another worker, now or when it has found it; or an order to the asker to find it out */
  ask(asker: Asker, key: string): Said | Promise<Said> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.now() < kept.until && !kept.given.has(asker)) return { answer: this.#give(kept, asker) };
    const asking = this.#asking.get(key);
    if (asking === undefined || this.now() - asking.since > PATIENCE) return this.#let(asker, key, asking?.waiting ?? []);
    const said = new Deferred<Said>();
    asking.waiting.push({ asker, said });
    return said.promise;
  }

  found(key: string, number: number, { value, lasts }: Found<unknown>): void {
    const asking = this.#over(key, number);
    if (asking === undefined) return;
    const since = this.now();
    const kept: Kept = { value, since, until: since + lasts, given: new WeakSet([asking.finder]) };
    if (lasts > 0) this.#kept.set(key, kept);
    for (const { asker, said } of asking.waiting) said.resolve({ answer: this.#give(kept, asker) });
  }

  /** @param error undefined: the worker does not try, so another one has to */
  notFound(key: string, number: number, error: PackedError | undefined): void {
    const asking = this.#over(key, number);
    if (asking === undefined) return;
    if (error !== undefined) for (const { said } of asking.waiting) said.reject(unpackError(error));
    else this.#letNext(key, asking);
  }

  /** A worker has died. */
  gone(asker: Asker): void {
    for (const [key, asking] of this.#asking) {
      asking.waiting.splice(0, Infinity, ...asking.waiting.filter((each) => each.asker !== asker));
      if (asking.finder === asker) this.notFound(key, asking.number, undefined);
    }
  }

  /** Forgets all answers. */
  forget(): void {
    this.#kept.clear();
  }

  #give({ value, since, given }: Kept, asker: Asker): Answer<unknown> {
    given.add(asker);
    return { value, age: this.now() - since };
  }

  #over(key: string, number: number): Asking | undefined {
    const asking = this.#asking.get(key);
    if (asking?.number !== number) return undefined;
    this.#asking.delete(key);
    return asking;
  }

  #letNext(key: string, { waiting: [next, ...others] }: Asking): void {
    next?.said.resolve(this.#let(next.asker, key, others));
  }

  #let(finder: Asker, key: string, waiting: Asking["waiting"]): Said {
    this.#last += 1;
    const number = this.#last;
    if (this.#asking.size < MOST) this.#asking.set(key, { number, finder, since: this.now(), waiting });
    return { find: number };
  }
}
