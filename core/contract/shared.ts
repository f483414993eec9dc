/** A token bucket's measures. */
export interface SharedBucket {
  /** Tokens that come in per millisecond. */
  readonly rate: number;
  /** Tokens that the full bucket holds. */
  readonly burst: number;
}

/** Token buckets that all processes of a proxy take from. */
export interface SharedBuckets {
  /**
   * Takes tokens from a bucket, which is full when it is new. A cost above the burst is granted by a full bucket, and leaves it in debt.
   * Where there are several processes it rejects when the first one does not answer within 500 ms: decide alone then.
   *
   * @param key at most 1,000 characters of it count
   * @param cost tokens
   * @returns 0: granted; else nothing was taken, and it is how many milliseconds later to ask again
   * @throws SLUICE_WORKER_LOST
   */
  take(key: string, cost: number, bucket: SharedBucket): Promise<number>;
}

/** What somebody has found out. */
export interface Found<T> {
  /** What processes can send each other: data, and no functions. */
  readonly value: T;
  /** Milliseconds for which it holds; 0: for those who wait for it now. */
  readonly lasts: number;
}

/** What was found out, by whichever process. */
export interface Answer<T> {
  readonly value: T;
  /** Milliseconds since it was found out. */
  readonly age: number;
}

/**
 * What the processes of a proxy have in common (`workers`). It lives in the first process, over reloads and deaths of workers; with one process
 * it is that process's own, so that a plugin need not know how many there are.
 */
export interface Shared {
  /** Processes that serve: 1, or `workers`. */
  readonly processes: number;
  /**
   * Buckets that belong together.
   *
   * @param space their name: plugin uses that say the same name share them
   * @param most buckets that are kept; the one unused longest is forgotten, that is, full again. @default 100000
   */
  buckets(space: string, most?: number): SharedBuckets;
  /**
   * Finds something out once for all. Those who ask for the same at the same time share one `find`; who asks later gets what another process
   * has found while it lasts. To one process the same answer is given once only: it remembers it if it needs it again, and whoever asks again
   * wants a new one. Who has waited 2 s for another process calls its own `find`. Rejects with what `find` rejects with.
   */
  once<T>(key: string, find: () => Promise<Found<T>>): Promise<Answer<T>>;
}
