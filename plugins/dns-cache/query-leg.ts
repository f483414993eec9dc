import type { Leg, LegReader, Upstream } from "sluice";
import type { Observable, SchedulerLike } from "rxjs";
import { LastingLeg } from "./lasting-leg.ts";
import type { OpenQueries } from "./open-queries.ts";
import { isAnswer, queryHeadOf, type QueryHead } from "./query-head.ts";
import { UpstreamQuery, type QueryOwner } from "./upstream-query.ts";

/** Milliseconds for which the session's first leg may wait for a datagram; later the choice of the upstream may have changed. */
const SPARE = 1_000;

export interface QueryLegParts {
  /** A cold observable: each subscription opens another leg. */
  readonly attempt: Observable<Upstream>;
  readonly queries: OpenQueries;
  readonly clock: SchedulerLike;
}

/**
 * The upstream leg of a session on a DNS listener. Each query leaves through a leg of its own, which passes on only the answer
 * to that query. Datagrams that are not DNS queries use one lasting leg, as without a cache; DNS answers that come there are dropped.
 *
 *     query ──▶ UpstreamQuery ──▶ a fresh leg ──▶ name server
 *     else ───▶ the lasting leg ────────────────▶ whatever it is
 */
export class QueryLeg implements Leg, QueryOwner {
  readonly datagrams = true;
  readonly borrows = false;
  readonly pending = 0;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly attempt: Observable<Upstream>;
  readonly clock: SchedulerLike;
  readonly #openQueries: OpenQueries;
  readonly #own = new Set<UpstreamQuery>();
  readonly #openedAt: number;
  #spare: Leg | undefined;
  #lasting: LastingLeg | undefined;
  #reader: LegReader | undefined;
  #isClosed = false;

  /** @param first a leg that is open and not yet used */
  constructor(first: Leg, { attempt, queries, clock }: QueryLegParts) {
    this.attempt = attempt;
    this.clock = clock;
    this.#openQueries = queries;
    this.#openedAt = clock.now();
    this.#spare = first;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
  }

  resume(): void {
    // Datagrams cannot be held back.
  }

  write(datagram: Buffer): boolean {
    if (this.#isClosed) return true;
    const head = queryHeadOf(datagram);
    if (head === undefined) (this.#lasting ??= this.#lastingLeg()).write(datagram);
    else this.#ask(datagram, head);
    return true;
  }

  end(): void {
    // UDP has no FIN.
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#spare?.destroy();
    this.#lasting?.close();
    for (const query of this.#own) query.close();
    queueMicrotask(() => this.onClosed?.());
  }

  answered(datagram: Buffer): void {
    this.#reader?.data(datagram);
  }

  over(query: UpstreamQuery): void {
    this.#own.delete(query);
    this.#openQueries.remove(query);
  }

  #ask(datagram: Buffer, head: QueryHead): void {
    const query = new UpstreamQuery(datagram, head, this);
    this.#own.add(query);
    this.#openQueries.add(query);
    query.ask(this.#takeSpare());
  }

  #lastingLeg(): LastingLeg {
    const lasting = new LastingLeg(this.attempt, (datagram) => {
      if (!isAnswer(datagram)) this.#reader?.data(datagram);
    });
    const spare = this.#takeSpare();
    if (spare !== undefined) lasting.use(spare);
    return lasting;
  }

  #takeSpare(): Leg | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined || this.clock.now() - this.#openedAt <= SPARE) return spare;
    spare.destroy();
    return undefined;
  }
}
