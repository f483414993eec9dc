import type { Answer, Found, Shared, SharedBuckets } from "../../contract/index.ts";
import { BucketBook } from "./bucket-book.ts";

/** Buckets of a space, if no number is given. */
export const MOST_BUCKETS = 100_000;

/** The value of SHARED in a proxy of one process. */
export class LocalShared implements Shared {
  readonly processes = 1;
  readonly #book = new BucketBook();
  readonly #finding = new Map<string, Promise<unknown>>();

  buckets(space: string, most = MOST_BUCKETS): SharedBuckets {
    return { take: async (key, cost, bucket) => Promise.resolve(this.#book.take({ space, most, key, cost, ...bucket })) };
  }

  async once<T>(key: string, find: () => Promise<Found<T>>): Promise<Answer<T>> {
    const known = this.#finding.get(key) as Promise<Found<T>> | undefined;
    const finding = known ?? find().finally(() => this.#finding.delete(key));
    this.#finding.set(key, finding);
    const { value } = await finding;
    return { value, age: 0 };
  }
}
