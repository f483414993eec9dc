import { Observable } from "rxjs";
import type { Endpoint, SessionFacts, SessionAttempt, Timeline, Upstream } from "../../contract/index.ts";
import type { Balancer } from "./balancer.ts";

/** Attempts of one session that are kept for its record. */
const MOST_KEPT = 100;

const none: ReadonlySet<Endpoint> = new Set();

/** One session's attempts to reach its upstream, each at the next endpoint; cold: each subscription is one. */
export abstract class SessionAttempts extends Observable<Upstream> {
  /** At one of them, all endpoints of the upstream were down. */
  panic = false;
  /** Of the session, where somebody may look at it. */
  timeline: Timeline | undefined;
  /** Endpoints that had their turn, where there are several. */
  #tried: Set<Endpoint> | undefined;
  #made: SessionAttempt[] | undefined;

  constructor(
    private readonly endpoints: number,
    protected readonly balancer: Balancer,
    /** Whose attempts they are. */
    readonly session: SessionFacts | undefined,
  ) {
    super();
  }

  /** For the session's record: undefined where there was one attempt, and it did not fail. */
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

  protected next(): Endpoint {
    const endpoint = this.#choose();
    this.timeline?.mark("attempt", { endpoint: endpoint.text });
    return endpoint;
  }

  #choose(): Endpoint {
    const { balancer } = this;
    if (this.endpoints > 1) this.#tried ??= new Set();
    const endpoint = balancer.next(this.#tried ?? none, this.session);
    this.panic ||= balancer.panic;
    if (this.#tried === undefined) return endpoint;
    // All had their turn: this is the first of another round.
    if (this.#tried.has(endpoint)) this.#tried.clear();
    this.#tried.add(endpoint);
    return endpoint;
  }
}
