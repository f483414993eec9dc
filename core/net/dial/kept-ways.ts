import type { Observable, Subscriber, TeardownLogic } from "rxjs";
import type { Endpoint, SessionFacts, Upstream } from "../../contract/index.ts";
import { ClientAttempts } from "../balance/client-attempts.ts";
import { EndpointAttempts } from "../balance/endpoint-attempts.ts";
import type { AttemptContext } from "./attempt-context.ts";

/** Opens a leg. @param session given if the upstream is told the client of each connection */
type Dial = (endpoint: Endpoint, session: SessionFacts | undefined, subscriber: Subscriber<Upstream>) => TeardownLogic;

/**
 * The attempts at endpoints for callers that keep connections under the attempt that opened them. When files of `tls` have changed, all attempts are
 * new ones, so that no connection is used again that was made with the old certificates.
 */
export class KeptWays {
  #version = 0;
  #shared: EndpointAttempts;
  #own: ClientAttempts;

  constructor(
    private readonly context: Pick<AttemptContext, "resolve" | "tls">,
    private readonly dial: Dial,
  ) {
    this.#shared = this.#sharedOnes();
    this.#own = new ClientAttempts(dial);
  }

  /** @param session the only session that may use the connection @default any may */
  to(endpoint: Endpoint, session: SessionFacts | undefined): Observable<Upstream> {
    const version = this.context.tls?.version ?? 0;
    if (version !== this.#version) {
      this.#version = version;
      this.#shared = this.#sharedOnes();
      this.#own = new ClientAttempts(this.dial);
    }
    return session === undefined ? this.#shared.to(endpoint) : this.#own.to(endpoint, session);
  }

  #sharedOnes(): EndpointAttempts {
    return new EndpointAttempts(this.context.resolve, (endpoint, subscriber) => this.dial(endpoint, undefined, subscriber));
  }
}
