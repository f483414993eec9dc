import type { Counter, Exchange, Logger, Metrics, Session, SluiceError } from "sluice";
import type { RequestTerms } from "../exchange/client-request.ts";
import { Http2Front } from "./http2-front.ts";
import type { HttpOptions } from "../exchange/options.ts";
import { TrustedProxies } from "../exchange/trusted-proxies.ts";

/** What is counted of all connections. */
interface HttpCounters {
  readonly requests: Counter;
  /** Of them, those that got no answer, or one that tells of an error. */
  readonly failed: Counter;
  /** Connections that ended because what came was no request. */
  readonly refused: Counter;
}

/** What all connections of one plugin instance have in common. */
export class Serving {
  readonly counters: HttpCounters;
  readonly http2: Http2Front;
  /** Of requests, when they are made. */
  readonly terms: RequestTerms;
  /** What is said in HTTP/1 to a client whose connection is kept. */
  readonly keepAlive: string;

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
    this.terms = { replay: options.limits.replay, trusted: new TrustedProxies(options.trustedProxies) };
    this.http2 = new Http2Front(options);
    const seconds = Math.floor(options.timeouts.keepAlive / 1000);
    this.keepAlive = `connection: keep-alive\r\n${seconds > 0 ? `keep-alive: timeout=${seconds}\r\n` : ""}`;
  }

  /** What a client sent is no request that is served. */
  refused({ id, client }: Session, error: SluiceError, status: number): void {
    this.counters.refused.inc();
    this.logger.info({ session: id, client: String(client), status, code: error.code, reason: error.detail }, "request refused");
  }
}
