import { SluiceError } from "sluice";
import type { Counter, Exchange, Logger, Metrics, Session } from "sluice";
import { throwError, type Observable } from "rxjs";
import type { RequestTerms } from "../exchange/client-request.ts";
import { Http2Front } from "./http2-front.ts";
import type { HttpOptions } from "../exchange/options.ts";
import { TrustedProxies } from "../exchange/trusted-proxies.ts";

/** The counters of all connections. */
interface HttpCounters {
  readonly requests: Counter;
  /** Requests that got no answer, or an error as an answer. */
  readonly failed: Counter;
  /** Connections that ended because of a malformed request. */
  readonly refused: Counter;
}

/** The shared parts of all connections of one plugin instance. */
export class Serving {
  readonly counters: HttpCounters;
  readonly http2: Http2Front;
  /** The settings for requests. */
  readonly terms: RequestTerms;
  /** The header lines in HTTP/1 for a client whose connection is kept. */
  readonly keepAlive: string;
  #unrouted: Observable<never> | undefined;

  constructor(
    readonly options: HttpOptions,
    readonly exchange: Exchange,
    readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.counters = {
      requests: metrics.counter("sluice_http_requests_total"),
      failed: metrics.counter("sluice_http_requests_failed_total"),
      refused: metrics.counter("sluice_http_connections_refused_total"),
    };
    this.terms = { replay: options.limits.replay, trusted: new TrustedProxies(options.trustedProxies.texts) };
    this.http2 = new Http2Front(options);
    const seconds = Math.floor(options.timeouts.keepAlive / 1000);
    this.keepAlive = `connection: keep-alive\r\n${seconds > 0 ? `keep-alive: timeout=${seconds}\r\n` : ""}`;
  }

  /** What the hooks get where http() is not among them any more, after a reload. */
  unrouted({ listener }: Session): Observable<never> {
    this.#unrouted ??= throwError(() => new SluiceError("SLUICE_HTTP_NO_ROUTE", `listener "${listener}" no longer serves HTTP`));
    return this.#unrouted;
  }

  /** Counts and logs a refused request. */
  refused({ id, client }: Session, error: SluiceError, status: number): void {
    this.counters.refused.inc();
    this.logger.info({ session: id, client: String(client), status, code: error.code, reason: error.detail }, "request refused");
  }
}
