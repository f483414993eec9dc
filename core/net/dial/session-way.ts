import { Observable, switchMap, type Subscriber, type Unsubscribable } from "rxjs";
import type { Endpoint, SessionFacts, Upstream, UpstreamTarget } from "../../contract/index.ts";
import { SessionAttempts } from "../balance/session-attempts.ts";
import type { AttemptContext } from "./attempt-context.ts";
import { DialAttempt } from "./dial-attempt.ts";

/** What a session decides about its attempts itself. */
export interface OwnOfSession {
  /** Replaces the dialer's own look-up. */
  readonly resolve: AttemptContext["resolve"] | undefined;
  readonly session: SessionFacts | undefined;
  /** In addition to the dialer's. */
  readonly refuse: AttemptContext["refuse"];
}

/** The ways that commits have put in the place of one another. */
interface Succession {
  newest: SessionWay;
}

/** How the sessions of one generation reach their upstream. Sessions that wait for room go the way of the newest generation (ADR 0075). */
export class SessionWay {
  // Shared, and not a link to the next way: an open session keeps its way, which must not keep those of all generations since.
  #succession: Succession = { newest: this };

  constructor(
    readonly target: UpstreamTarget,
    private readonly shared: AttemptContext,
  ) {}

  get newest(): SessionWay {
    return this.#succession.newest;
  }

  /** A commit has put another one in its place. A restored generation is the newest again. */
  replacedBy(next: SessionWay): void {
    next.#succession = this.#succession;
    this.#succession.newest = next;
    if (next.target.queue !== undefined) next.shared.balancer.queue?.renew(next.target.queue);
  }

  contextOf({ resolve, session, refuse }: OwnOfSession): AttemptContext {
    const { shared } = this;
    const protocol = session?.tls?.protocol;
    if (resolve === undefined && protocol === undefined && refuse === undefined) return shared;
    const protocols = protocol === undefined ? [] : [protocol];
    return { ...shared, resolve: resolve ?? shared.resolve, protocols, refuse: both(shared.refuse, refuse) };
  }
}

/** A session's attempts to reach a stream upstream. */
export class Attempts extends SessionAttempts {
  #context: AttemptContext;

  constructor(
    private way: SessionWay,
    private readonly own: OwnOfSession,
  ) {
    const context = way.contextOf(own);
    super(way.target.endpoints.length, context.balancer, own.session);
    this.#context = context;
  }

  /** RxJS's extension point; on the prototype, for the reason given in EachObservable. */
  _subscribe(subscriber: Subscriber<Upstream>): Unsubscribable {
    const { queue } = this.balancer;
    if (queue === undefined) return dial(this.next(), this.#context, subscriber, this);
    return queue
      .take(
        () => this.#nextOfNewest(),
        () => this.hasTried,
      )
      .pipe(switchMap((endpoint) => new Observable<Upstream>((own) => dial(endpoint, this.#context, own, this))))
      .subscribe(subscriber);
  }

  #nextOfNewest(): Endpoint {
    const { newest } = this.way;
    if (newest !== this.way) {
      this.way = newest;
      this.#context = newest.contextOf(this.own);
      this.moveTo(this.#context.balancer, newest.target.endpoints.length);
    }
    return this.next();
  }
}

/** Opens a leg to an endpoint. */
export function dial(endpoint: Endpoint, context: AttemptContext, subscriber: Subscriber<Upstream>, made?: SessionAttempts): DialAttempt {
  const attempt = new DialAttempt(endpoint, context, subscriber, made);
  attempt.start();
  return attempt;
}

/** Refuses what at least one of the two refuses. */
export function both(first: AttemptContext["refuse"], second: AttemptContext["refuse"]): AttemptContext["refuse"] {
  return second === undefined ? first : (address, port) => first?.(address, port) ?? second(address, port);
}
