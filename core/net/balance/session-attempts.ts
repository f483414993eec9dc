import { Observable } from "rxjs";
import type { Endpoint, SessionFacts, SessionAttempt, Timeline, Upstream, WireTap } from "../../contract/index.ts";
import type { Balancer } from "./balancer.ts";

/** Attempts of one session that are kept for its record. */
const MOST_KEPT = 100;

const none: ReadonlySet<Endpoint> = new Set();

/** One session's attempts to reach its upstream. Cold: each subscription is one attempt, at the next endpoint. */
export abstract class SessionAttempts extends Observable<Upstream> {
  /** During at least one attempt all endpoints of the upstream were down. */
  panic = false;
  /** The session's timeline, if it is recorded. */
  timeline: Timeline | undefined;
  /** Who watches below the TLS of an attempt. */
  wire: ((endpoint: string) => Required<WireTap> | undefined) | undefined;
  /** The endpoint of the latest attempt, if there are several. Most sessions make one attempt, and need no set of those that were tried. */
  #latest: Endpoint | undefined;
  /** Endpoints that were tried before. */
  #tried: Set<Endpoint> | undefined;
  #made: SessionAttempt[] | undefined;

  constructor(
    private endpoints: number,
    protected balancer: Balancer,
    /** The session that makes the attempts. */
    readonly session: SessionFacts | undefined,
  ) {
    super();
  }

  /** The attempts for the session's record; undefined after a single attempt that succeeded. */
  get made(): readonly SessionAttempt[] | undefined {
    const made = this.#made;
    return made !== undefined && (made.length > 1 || made[0]?.code !== "aborted") ? made : undefined;
  }

  /** An attempt is over. @param code why it failed; undefined: it did not */
  add(endpoint: string, durationMs: number, code: SessionAttempt["code"]): void {
    if (code !== undefined) this.timeline?.mark("attempt-failed", { endpoint, code });
    if (code === undefined && this.#made === undefined) return;
    this.#made ??= [];
    if (this.#made.length < MOST_KEPT) this.#made.push({ endpoint, durationMs: Math.max(0, Math.round(durationMs)), code });
  }

  /** It wants endpoints that it has not tried. */
  protected get hasTried(): boolean {
    return this.#latest !== undefined;
  }

  /** A reload has changed the upstream that it waits for: from now on it chooses among the new endpoints. */
  protected moveTo(balancer: Balancer, endpoints: number): void {
    this.balancer = balancer;
    this.endpoints = endpoints;
    this.#tried = this.#latest = undefined;
  }

  protected next(): Endpoint {
    const endpoint = this.#choose();
    this.timeline?.mark("attempt", { endpoint: endpoint.text });
    return endpoint;
  }

  #choose(): Endpoint {
    const { balancer } = this;
    if (this.#latest !== undefined) this.#note(this.#latest);
    const endpoint = balancer.next(this.#tried ?? none, this.session);
    this.panic ||= balancer.panic;
    if (this.endpoints > 1) this.#latest = endpoint;
    return endpoint;
  }

  #note(tried: Endpoint): void {
    this.#tried ??= new Set();
    // All were tried: that was the first attempt of another round.
    if (this.#tried.has(tried)) this.#tried.clear();
    this.#tried.add(tried);
  }
}
