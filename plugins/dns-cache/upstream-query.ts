import { randomInt } from "node:crypto";
import type { Leg, LegReader, Upstream } from "sluice";
import { Subscription, take, type Observable, type SchedulerLike } from "rxjs";
import { failureFor } from "./dns-answer.ts";
import { withoutCookies } from "./dns-edns.ts";
import { layoutOf } from "./dns-layout.ts";
import { PATIENCE } from "./options.ts";
import { belongs, isBareError, withQuestion, type QueryHead } from "./query-head.ts";

/** Milliseconds after which a query is sent again when a wrong answer came. */
const ASK_AGAIN = 250;
/** The most times that one query is sent. */
const MOST_TIMES = 3;

export interface QueryOwner {
  /** Opens a leg to the upstream; each leg has its own socket and so its own source port. */
  readonly attempt: Observable<Upstream>;
  readonly clock: SchedulerLike;
  /** Called with the query's answer, which has the client's id. */
  answered(datagram: Buffer): void;
  /** Called when the query is over and its sockets are closed. */
  over(query: UpstreamQuery): void;
}

/**
 * A query on its way. Each time it is sent, it gets a new random id and a new random source port (RFC 5452 section 9.2). Datagrams that do not
 * answer it are ignored, so an attacker who forges an answer must guess both.
 */
export class UpstreamQuery {
  readonly #attempts = new Subscription();
  readonly #timers = new Subscription();
  readonly #legs: Leg[] = [];
  #times = 0;
  #isAgainDue = false;
  /** Whether an answer of the server came that could not be read. */
  #unreadable = false;
  #isOver = false;

  constructor(
    private readonly datagram: Buffer,
    private readonly head: QueryHead,
    private readonly owner: QueryOwner,
  ) {
    this.#timers.add(owner.clock.schedule(this.close, PATIENCE));
  }

  /** Sends it. @param ready an unused leg */
  ask(ready?: Leg): void {
    this.#times += 1;
    if (ready !== undefined) {
      this.#send(ready);
      return;
    }
    const attempt = this.owner.attempt.pipe(take(1)).subscribe({
      next: ({ leg }) => {
        this.#send(leg);
      },
      error: () => {
        this.#askAgainSoon();
      },
    });
    this.#attempts.add(attempt);
  }

  /** Gives the query up and closes its sockets. */
  readonly close = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempts.unsubscribe();
    this.#timers.unsubscribe();
    for (const leg of this.#legs) leg.destroy();
    this.owner.over(this);
  };

  #send(leg: Leg): void {
    if (this.#isOver) {
      leg.destroy();
      return;
    }
    this.#legs.push(leg);
    const id = randomInt(0x1_0000);
    // A copy: plugins that saw the client's datagram may have kept it.
    const query = Buffer.from(this.datagram);
    query.writeUInt16BE(id, 0);
    const layout = layoutOf(query);
    leg.read(this.#readerFor(id));
    leg.write(layout === undefined ? query : withoutCookies(query, layout));
  }

  #readerFor(id: number): LegReader {
    return {
      done: true,
      data: (datagram) => {
        this.#hear(datagram, id);
        return true;
      },
      end: () => undefined,
      failed: () => {
        this.#askAgainSoon();
      },
    };
  }

  #hear(datagram: Buffer, id: number): void {
    if (this.#isOver) return;
    if (!belongs(datagram, id, this.head)) {
      this.#askAgainSoon();
      return;
    }
    const answer = this.#isPlain && isBareError(datagram) ? withQuestion(datagram, this.head) : datagram;
    const layout = layoutOf(answer);
    if (layout === undefined && this.#isPlain) {
      this.#unreadable = true;
      this.#askAgainSoon();
      return;
    }
    answer.writeUInt16BE(this.head.id, 0);
    this.#answer(layout === undefined ? answer : withoutCookies(answer, layout));
  }

  /** Only answers to plain queries must be readable; all others are passed on to the client as they are. */
  get #isPlain(): boolean {
    return this.head.opcode === 0 && this.head.count === 1;
  }

  #answer(datagram: Buffer): void {
    this.close();
    this.owner.answered(datagram);
  }

  /** The wrong datagram may have been forged or damaged: the right answer may still come; if not, the query is sent again. */
  #askAgainSoon(): void {
    if (this.#isOver || this.#isAgainDue) return;
    this.#isAgainDue = true;
    const again = (): void => {
      this.#isAgainDue = false;
      if (this.#times < MOST_TIMES) this.ask();
      else if (this.#unreadable) this.#answer(failureFor(this.head));
    };
    this.#timers.add(this.owner.clock.schedule(again, ASK_AGAIN));
  }
}
