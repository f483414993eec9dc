import type { Counter, Session } from "sluice";
import { LRUCache } from "lru-cache";
import type { Subject, Unsubscribable } from "rxjs";
import type { DnsAnswer } from "./dns-answer.ts";
import type { DnsQuestion } from "./dns-question.ts";
import { OpenQueries } from "./open-queries.ts";
import type { DnsCacheOptions } from "./options.ts";

type Limits = Pick<DnsCacheOptions, "max" | "maxQueries">;

export interface KeptAnswer {
  readonly answer: DnsAnswer;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** After a failure of the name server, the stale answer is used until this time without asking again. */
  recheckAt: number;
}

/** A session that waits for an answer. */
export interface WaitingQuery {
  /** Identifies the session and the query within it. */
  readonly id: string;
  readonly session: Session;
  readonly question: DnsQuestion;
}

/** A question that has been sent upstream and not been answered. */
export interface Pending {
  readonly key: string;
  /** The waiting clients by their ids, including those whose query went upstream. */
  readonly askers: Map<string, WaitingQuery>;
  sentAt: number;
  /** The session whose query went upstream last. */
  leader: Session;
  timer: Unsubscribable | undefined;
}

/** Bytes per answer from which the memory limit is computed: with larger answers on average, fewer are kept. */
const AVERAGE = 4_096;

/** The cache of a UDP listener. It outlives a reload: the plugin of the next generation uses the same state. */
export class DnsState {
  answers: LRUCache<string, KeptAnswer>;
  readonly queries: OpenQueries;
  readonly pending = new Map<string, Pending>();
  /** The number of clients that wait, for all questions. */
  waiting = 0;
  /** The pending questions by the id of each client whose query went upstream. */
  readonly sent = new Map<string, Pending>();
  /** Sessions whose queries leave from random ports. Sessions that were open before the cache was added use one source port for all queries. */
  readonly #safe = new WeakSet<Session>();
  /** Inlets of the flows towards the clients, by session id. */
  readonly #outlets = new Map<number, Subject<Buffer>>();
  /** The number of plugin instances that use it. */
  #holders = 0;

  constructor({ max, maxQueries }: Limits, dropped: Counter) {
    this.answers = table(max);
    this.queries = new OpenQueries(maxQueries, dropped);
  }

  resize({ max, maxQueries }: Limits): void {
    this.queries.resize(maxQueries);
    if (this.answers.max === max) return;
    const old = this.answers;
    this.answers = table(max);
    for (const [key, kept] of [...old.entries()].toReversed()) this.keep(key, kept);
  }

  keep(key: string, kept: KeptAnswer): void {
    this.answers.set(key, kept, { size: kept.answer.message.length });
  }

  /** @returns a function that closes the outlet, unless a newer one has replaced it */
  open(session: Session, outlet: Subject<Buffer>): () => void {
    this.#outlets.set(session.id, outlet);
    return () => {
      if (this.#outlets.get(session.id) === outlet) this.#outlets.delete(session.id);
    };
  }

  /** Notes that the session's upstream leg is a `QueryLeg`. */
  markSafe(session: Session): void {
    this.#safe.add(session);
  }

  isSafe(session: Session): boolean {
    return this.#safe.has(session);
  }

  canAnswer(session: Session): boolean {
    return this.#outlets.has(session.id);
  }

  send(session: Session, datagram: Buffer): void {
    this.#outlets.get(session.id)?.next(datagram);
  }

  /** Ends the waiting for a question. */
  forget(pending: Pending): void {
    pending.timer?.unsubscribe();
    if (this.pending.get(pending.key) === pending) {
      this.pending.delete(pending.key);
      this.waiting -= pending.askers.size;
    }
    for (const id of pending.askers.keys()) if (this.sent.get(id) === pending) this.sent.delete(id);
  }

  /** Counts a plugin instance that uses it, until that calls {@link release}. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** The last release ends all waiting. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) for (const pending of this.pending.values()) this.forget(pending);
  }
}

function table(max: number): LRUCache<string, KeptAnswer> {
  return new LRUCache({ max, maxSize: Math.max(max * AVERAGE, 65_535) });
}
