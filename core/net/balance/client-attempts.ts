import { Observable, type Subscriber, type TeardownLogic } from "rxjs";
import type { Endpoint, SessionFacts, Upstream } from "../../contract/index.ts";

/**
 * Attempts for callers that keep connections, at endpoints that are told who the client is: each session has an attempt of its own for each endpoint.
 */
export class ClientAttempts {
  readonly #known = new WeakMap<SessionFacts, Map<Endpoint, Observable<Upstream>>>();

  constructor(private readonly dial: (endpoint: Endpoint, session: SessionFacts, subscriber: Subscriber<Upstream>) => TeardownLogic) {}

  to(endpoint: Endpoint, session: SessionFacts): Observable<Upstream> {
    let own = this.#known.get(session);
    if (own === undefined) {
      own = new Map();
      this.#known.set(session, own);
    }
    let attempt = own.get(endpoint);
    if (attempt === undefined) {
      attempt = new Observable<Upstream>((subscriber) => this.dial(endpoint, session, subscriber));
      own.set(endpoint, attempt);
    }
    return attempt;
  }
}
