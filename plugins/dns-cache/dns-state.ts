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
  /** Epoch milliseconds. */
  readonly storedAt: number;
  /** The name server failed: the stale answer is used without asking until then. */
  recheckAt: number;
}

/** A session that wants an answer. */
export interface Asker {
  /** Of the session and the query within it. */
  readonly id: string;
  readonly session: Session;
  readonly question: DnsQuestion;
}

/** A question that has been sent upstream and not been answered. */
export interface Pending {
  readonly key: string;
  /** By their ids; those whose query went upstream are among them. */
  readonly askers: Map<string, Asker>;
  sentAt: number;
  /** The session whose query went upstream last. */
  leader: Session;
  timer: Unsubscribable | undefined;
}

/** Bytes that one kept answer may have on average before they are fewer. */
const AVERAGE = 4_096;

/** What a UDP listener's cache knows. It outlives a reload: the next generation's plugin goes on with the same one. */
export class DnsState {
  answers: LRUCache<string, KeptAnswer>;
  readonly queries: OpenQueries;
  readonly pending = new Map<string, Pending>();
  /** Askers of all of them. */
  waiting = 0;
  /** By the asker whose query went upstream. */
  readonly sent = new Map<string, Pending>();
  /** Sessions whose queries go upstream safely: those that were open before the cache was put in have one source port for all. */
  readonly #safe = new WeakSet<Session>();
  /** Ways into the flows towards the clients, by session id. */
  readonly #outlets = new Map<number, Subject<Buffer>>();
  /** Plugins that work with it. */
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

  /** @returns what closes the outlet, unless a newer one has taken its place */
  open(session: Session, outlet: Subject<Buffer>): () => void {
    this.#outlets.set(session.id, outlet);
    return () => {
      if (this.#outlets.get(session.id) === outlet) this.#outlets.delete(session.id);
    };
  }

  /** The session's upstream leg is a `QueryLeg`. */
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

  /** The question is no longer outstanding. */
  forget(pending: Pending): void {
    pending.timer?.unsubscribe();
    if (this.pending.get(pending.key) === pending) {
      this.pending.delete(pending.key);
      this.waiting -= pending.askers.size;
    }
    for (const id of pending.askers.keys()) if (this.sent.get(id) === pending) this.sent.delete(id);
  }

  /** For as long as a plugin works with it. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** With its last holder it ends. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) for (const pending of this.pending.values()) this.forget(pending);
  }
}

function table(max: number): LRUCache<string, KeptAnswer> {
  return new LRUCache({ max, maxSize: Math.max(max * AVERAGE, 65_535) });
}
