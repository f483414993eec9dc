/** Rate and size of a token bucket. */
export interface SharedBucket {
  /** Tokens added per millisecond. */
  readonly rate: number;
  /** Tokens that the full bucket holds. */
  readonly burst: number;
}

/** Token buckets that all processes of a proxy take from. */
export interface SharedBuckets {
  /**
   * Takes tokens from a bucket; a new bucket is full. A full bucket grants even a cost above the burst, and is in debt afterwards. With several
   * processes it rejects when the first process does not answer within 500 ms: decide without it then.
   *
   * @param key at most 1,000 characters of it count
   * @param cost tokens
   * @returns 0 when granted; else nothing was taken, and the value is the number of milliseconds after which to ask again
   * @throws SLUICE_WORKER_LOST
   */
  take(key: string, cost: number, bucket: SharedBucket): Promise<number>;
}

/** The result of a `find`. */
export interface Found<T> {
  /** Data that processes can send each other: no functions. */
  readonly value: T;
  /** Milliseconds for which it is valid; 0: only for the callers that wait for it now. */
  readonly lasts: number;
}

/** A result that this process or another one has found. */
export interface Answer<T> {
  readonly value: T;
  /** Milliseconds since it was found out. */
  readonly age: number;
}

/**
 * State that the processes of a proxy share (`workers`). It lives in the first process, and survives reloads and the death of a worker. With one
 * process it works in the same way, so that a plugin need not know how many there are.
 */
export interface Shared {
  /** Processes that serve: 1, or `workers`. */
  readonly processes: number;
  /**
   * Returns a group of buckets.
   *
   * @param space the group's name: plugin uses that give the same name share the buckets
   * @param most number of buckets that are kept; beyond it the one unused longest is forgotten, so it is full again. @default 100000
   */
  buckets(space: string, most?: number): SharedBuckets;
  /**
   * Finds something out once for all processes. Callers that ask for the same key at the same time share one `find`; a later caller gets what
   * another process has found, as long as it is valid. One process gets the same answer only once: it must remember an answer that it needs again,
   * since asking again means asking for a new one. A caller that has waited 2 s for another process calls its own `find`. Rejects with the error
   * of `find`.
   */
  once<T>(key: string, find: () => Promise<Found<T>>): Promise<Answer<T>>;
}
