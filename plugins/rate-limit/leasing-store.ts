import type { Counter, Logger, Metrics } from "sluice";
import { limited } from "./limiter.ts";
import { MemoryStore } from "./memory-store.ts";
import type { BucketLimit, RateLimitStore } from "./store.ts";
import { Leases } from "./leases.ts";

/** The size of a lease, where one question per decision is too expensive: the tokens that a bucket gets in this many milliseconds. */
const LEASE_MS = 100;
/** The number of unanswered questions from which on a bucket takes leases, unless these are smaller: they would save nothing. */
const BUSY = 4;
/** The most unanswered questions of all buckets. Over it, decisions are made without the server. */
const MOST_ASKED = 1_000;
/** Milliseconds for which a server that did not answer in time is not asked again. */
const REST = 1_000;

/** The server or process that has the buckets. */
export interface BucketAuthority {
  /** Resolves when it is reached for the first time. */
  readonly connected: Promise<void>;
  /** Why it cannot be reached, if that is known. */
  readonly trouble?: string | undefined;
  /** Decides like {@link RateLimitStore.take}. @param numbers tokens per millisecond, burst, cost */
  decide(key: string, numbers: readonly [rate: number, burst: number, cost: number]): Promise<number>;
}

/** How to decide with the server, and without it. */
export interface LeasingOptions {
  /** The beginning of every key. */
  readonly prefix: string;
  /** Milliseconds that a decision may wait; undefined when the other side bounds it. */
  readonly timeout: number | undefined;
  readonly onError: "local" | "reject" | "pass";
  /** How many processes share the limits, for `local`. */
  readonly share: number;
}

interface Question {
  readonly key: string;
  readonly cost: number;
  readonly limit: BucketLimit;
  /** The size of the lease that it asks for, or 0. */
  readonly lease: number;
  readonly now: number;
  /** Whether nobody waits for the answer any more. */
  readonly isLate: () => boolean;
}

/** Buckets on a server or in another process. Every decision is made within `timeout`, with the server or without it. */
export class LeasingStore implements RateLimitStore {
  readonly #leases: Leases;
  readonly #local: MemoryStore;
  readonly #asked = new Map<string, number>();
  /** The questions for leases, by bucket. There is one at a time, so that a process has one lease of a bucket at most. */
  readonly #leasing = new Map<string, Promise<boolean>>();
  #asking = 0;
  #restUntil = 0;
  #isAway = false;
  #errors: Counter | undefined;
  #logger: Logger | undefined;

  constructor(
    private readonly link: BucketAuthority,
    private readonly options: LeasingOptions,
    maxKeys: number,
  ) {
    this.#leases = new Leases(maxKeys);
    this.#local = new MemoryStore(maxKeys);
  }

  /** Sets the log and the metrics to those of the newest user: an older user may be closed already. */
  report({ logger, metrics }: { logger: Logger; metrics: Metrics }): void {
    this.#logger = logger;
    this.#errors = metrics.counter("sluice_rate_limit_store_errors_total");
  }

  take(key: string, cost: number, limit: BucketLimit, now: number): number | Promise<number> {
    if (this.#leases.spend(key, cost, now)) return 0;
    if (now < this.#restUntil || this.#asking >= MOST_ASKED) return this.#without(key, cost, limit, now);
    return this.#ask(key, cost, limit, now);
  }

  async #ask(key: string, cost: number, limit: BucketLimit, now: number): Promise<number> {
    const others = this.#asked.get(key) ?? 0;
    const lease = leaseOf(limit, others);
    this.#asked.set(key, others + 1);
    this.#asking += 1;
    try {
      const wait = await within(this.options.timeout, (isLate) => this.#decide({ key, cost, limit, lease, now, isLate }));
      this.#isBack();
      return wait;
    } catch (error) {
      this.#failed(error, now);
      return this.#without(key, cost, limit, now);
    } finally {
      this.#asking -= 1;
      const left = (this.#asked.get(key) ?? 1) - 1;
      if (left === 0) this.#asked.delete(key);
      else this.#asked.set(key, left);
    }
  }

  async #decide(question: Question): Promise<number> {
    await this.link.connected;
    const paid = question.lease > 0 && (await this.#payByLease(question));
    // Nobody waits for the answer any more, so it must not cost tokens.
    if (paid || question.isLate()) return 0;
    return this.#charge(question, question.cost);
  }

  #charge({ key, limit: { rate, burst } }: Question, tokens: number): Promise<number> {
    return this.link.decide(`${this.options.prefix}${key}`, [rate, burst, tokens]);
  }

  /** Pays by the lease that another question has got meanwhile, or by a new one. @returns whether it is paid */
  async #payByLease(question: Question): Promise<boolean> {
    const { key, cost, now, isLate } = question;
    const underWay = this.#leasing.get(key);
    if (underWay !== undefined) await underWay;
    if (isLate()) return false;
    if (this.#leases.spend(key, cost, now)) return true;
    if (underWay !== undefined) return false;
    const asked = this.#takeLease(question);
    this.#leasing.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#leasing.delete(key);
    }
  }

  async #takeLease(question: Question): Promise<boolean> {
    const { key, cost, limit, lease, now } = question;
    const advance = Math.min(lease, limit.burst - cost);
    if (advance <= 0 || (await this.#charge(question, cost + advance)) > 0) return false;
    this.#leases.add(key, advance, now);
    return true;
  }

  #without(key: string, cost: number, limit: BucketLimit, now: number): number {
    const { onError, share } = this.options;
    if (onError === "pass") return 0;
    if (onError === "reject") throw limited("the store of rate limits does not answer");
    return this.#local.take(key, cost, { rate: limit.rate / share, burst: Math.max(1, limit.burst / share) }, now);
  }

  #failed(error: unknown, now: number): void {
    this.#errors?.inc();
    this.#restUntil = now + REST;
    if (this.#isAway) return;
    this.#isAway = true;
    const said = error instanceof Error ? error.message : String(error);
    const { trouble = said } = this.link;
    const reason = said.includes(trouble) ? said : `${said}: ${trouble}`;
    const { onError } = this.options;
    this.#logger?.warn({ reason, onError }, `the store of rate limits does not answer: ${meanwhile[onError]} until it does`);
  }

  #isBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#logger?.info("the store of rate limits answers again");
  }
}

function leaseOf({ rate, lease }: BucketLimit, others: number): number {
  const tokens = rate * LEASE_MS;
  if (lease === true) return Math.max(1, tokens);
  return others >= BUSY && tokens >= BUSY ? tokens : 0;
}

const meanwhile = { local: "this process limits alone", reject: "nothing passes", pass: "everything passes" };

/** @throws when the answer does not come in time; a question that was sent by then has still taken its tokens from the bucket */
async function within<T>(milliseconds: number | undefined, begin: (isLate: () => boolean) => Promise<T>): Promise<T> {
  if (milliseconds === undefined) return begin(() => false);
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`no answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  const work = begin(() => isLate);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
