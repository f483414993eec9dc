import type { Counter, Session } from "sluice";
import type { SchedulerLike } from "rxjs";
import { answerOf, failureFor, hasAliasLoop, renderAnswer } from "./dns-answer.ts";
import { layoutOf, type DnsLayout } from "./dns-layout.ts";
import { lowerCase, questionOf, type DnsQuestion } from "./dns-question.ts";
import type { WaitingQuery, DnsState, KeptAnswer, Pending } from "./dns-state.ts";
import { PATIENCE, STALE_PATIENCE, type DnsCacheOptions } from "./options.ts";

/** Milliseconds after the last query went upstream, after which the same query is sent upstream again: the first, or its answer, may be lost. */
const REPEAT = 1_000;
/** The most clients that wait for answers; queries of further clients are sent upstream. */
const MOST_ASKERS = 10_000;
/** How many clients get an answer in one turn of the event loop, so that other datagrams do not wait. */
const AT_ONCE = 64;
const STALE_TTL = 30;
const QR = 0x8000;

type Render = (question: DnsQuestion) => Buffer;

export interface RelayParts {
  readonly options: DnsCacheOptions;
  readonly clock: SchedulerLike;
  readonly hits: Counter;
  readonly misses: Counter;
}

/**
 * The queries and answers of a UDP listener:
 *
 *     query ── fresh ──▶ answered from the cache
 *       ├──── asked already ──▶ waits for that answer
 *       └──── else ──▶ upstream ──▶ answer: kept, and given to all who wait
 */
export class DnsRelay {
  constructor(
    private readonly state: DnsState,
    private readonly parts: RelayParts,
  ) {}

  /** Handles a datagram from a client. @returns what goes upstream; null when the client has been answered, or will be */
  ask(datagram: Buffer, session: Session): Buffer | null {
    const question = questionOf(datagram);
    if (question === undefined || !this.state.canAnswer(session)) return datagram;
    const known = this.#known(question);
    if (known !== undefined) {
      this.parts.hits.inc();
      this.state.send(session, known);
      return null;
    }
    if (!this.state.isSafe(session)) return datagram;
    const asker = { id: askerId(session, question.id, question.bytes), session, question };
    const pending = this.state.pending.get(question.key);
    return (pending === undefined ? this.#begin(asker) : this.#join(pending, asker)) ? datagram : null;
  }

  /** Handles a datagram from the upstream. @returns what its client gets */
  hear(datagram: Buffer, session: Session): Buffer {
    const layout = layoutOf(datagram);
    if (layout === undefined || (layout.flags & QR) === 0) return datagram;
    const id = askerId(session, layout.id, layout.question);
    const pending = this.state.sent.get(id);
    const asker = pending?.askers.get(id);
    // It answers no outstanding question with this id, so it is passed on and not kept.
    if (pending === undefined || asker === undefined) return datagram;
    this.state.forget(pending);
    pending.askers.delete(id);
    const { render, changed } = this.#judge(datagram, layout, pending.key);
    this.#giveAll(pending, render);
    return changed ? render(asker.question) : datagram;
  }

  /** What the waiting clients get, and whether that differs from the datagram. */
  #judge(datagram: Buffer, layout: DnsLayout, key: string): { readonly render: Render; readonly changed: boolean } {
    if (hasAliasLoop(datagram, layout)) return { render: failureFor, changed: true };
    const answer = answerOf(datagram, layout, this.parts.options);
    const stale = answer.failure ? this.#stale(key) : undefined;
    if (stale !== undefined) return { render: this.#serveStale(stale), changed: true };
    if (answer.lifetime > 0) this.state.keep(key, { answer, storedAt: this.parts.clock.now(), recheckAt: 0 });
    return { render: (question) => renderAnswer(answer, question, 0), changed: false };
  }

  #known(question: DnsQuestion): Buffer | undefined {
    const kept = this.state.answers.get(question.key);
    if (kept === undefined) return undefined;
    const now = this.parts.clock.now();
    const age = now - kept.storedAt;
    // The age is rounded up: a TTL must never be longer than the time that is left.
    if (age >= 0 && age < kept.answer.lifetime) return renderAnswer(kept.answer, question, Math.ceil(age / 1_000));
    return this.#isStale(kept, now) && now < kept.recheckAt ? renderAnswer(kept.answer, question, { stale: STALE_TTL }) : undefined;
  }

  /** @returns whether the query goes upstream */
  #begin(asker: WaitingQuery): boolean {
    this.parts.misses.inc();
    if (this.state.pending.size >= this.parts.options.max || this.state.waiting >= MOST_ASKERS) return true;
    const { key } = asker.question;
    const { clock } = this.parts;
    const pending: Pending = { key, askers: new Map([[asker.id, asker]]), sentAt: clock.now(), leader: asker.session, timer: undefined };
    const patience = this.#stale(key) === undefined ? PATIENCE : STALE_PATIENCE;
    pending.timer = clock.schedule(() => {
      this.#unanswered(pending);
    }, patience);
    this.state.waiting += 1;
    this.state.pending.set(key, pending);
    this.state.sent.set(asker.id, pending);
    return true;
  }

  /** @returns whether the query goes upstream too */
  #join(pending: Pending, asker: WaitingQuery): boolean {
    const now = this.parts.clock.now();
    const repeated = pending.askers.has(asker.id);
    if (!repeated && this.state.waiting >= MOST_ASKERS) return true;
    if (!repeated) this.state.waiting += 1;
    pending.askers.set(asker.id, asker);
    const justSent = now >= pending.sentAt && now - pending.sentAt < REPEAT;
    if (justSent && !pending.leader.signal.aborted) return false;
    pending.sentAt = now;
    pending.leader = asker.session;
    this.state.sent.set(asker.id, pending);
    return true;
  }

  #unanswered(pending: Pending): void {
    this.state.forget(pending);
    const stale = this.#stale(pending.key);
    if (stale !== undefined) this.#giveAll(pending, this.#serveStale(stale));
  }

  #serveStale(kept: KeptAnswer): Render {
    kept.recheckAt = this.parts.clock.now() + this.parts.options.negativeTtl;
    return (question) => renderAnswer(kept.answer, question, { stale: STALE_TTL });
  }

  #giveAll(pending: Pending, render: Render): void {
    const askers = [...pending.askers.values()];
    const give = (from: number): void => {
      const next = from + AT_ONCE;
      for (const { session, question } of askers.slice(from, next)) this.state.send(session, render(question));
      if (next < askers.length) this.parts.clock.schedule(() => void give(next), 0);
    };
    give(0);
  }

  #stale(key: string): KeptAnswer | undefined {
    const kept = this.state.answers.get(key);
    return kept !== undefined && this.#isStale(kept, this.parts.clock.now()) ? kept : undefined;
  }

  #isStale({ answer, storedAt }: KeptAnswer, now: number): boolean {
    return !answer.failure && now >= storedAt && now < storedAt + answer.lifetime + this.parts.options.staleIfError;
  }
}

/** The question is part of it: some clients use one id for all of their queries. */
function askerId(session: Session, id: number, question: Buffer): string {
  return `${session.id} ${id} ${lowerCase(question)}`;
}
