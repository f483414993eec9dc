import type { Observable } from "rxjs";
import type { AnyErrorCode, ChosenEndpoint, Endpoint, Upstream, UpstreamHttp } from "../../contract/index.ts";
import type { Balancer } from "../balance/balancer.ts";

/** The dialer, as a chosen endpoint uses it. */
export interface ChosenWay {
  readonly http?: UpstreamHttp | undefined;
  readonly tls: boolean;
  readonly sharedBy?: string | undefined;
}

/**
 * An endpoint for work that may use a connection that is already open: the balancer counts the work, not the connection. One for each request: a
 * class, since Node 20 takes microseconds to add properties to a copied object.
 */
export class Chosen implements ChosenEndpoint {
  readonly name: string;
  readonly http: UpstreamHttp | undefined;
  readonly tls: boolean;
  readonly sharedBy: string | undefined;
  readonly #endpoint: Endpoint;
  readonly #balancer: Balancer;

  constructor(
    endpoint: Endpoint,
    balancer: Balancer,
    readonly attempt: Observable<Upstream>,
    { http, tls, sharedBy }: ChosenWay,
  ) {
    this.name = endpoint.text;
    this.http = http;
    this.tls = tls;
    this.sharedBy = sharedBy;
    this.#endpoint = endpoint;
    this.#balancer = balancer;
    balancer.opened(endpoint);
  }

  answered(): void {
    this.#balancer.worked(this.#endpoint);
  }

  done(failed: boolean, code: AnyErrorCode = "SLUICE_UPSTREAM_RESET"): void {
    this.#balancer.closed(this.#endpoint);
    if (failed) this.#balancer.failed(this.#endpoint, code);
  }
}
