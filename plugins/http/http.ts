import { definePlugin, EXCHANGE, LOGGER, METRICS, PLACE, SluiceError, UPSTREAMS } from "sluice";
import type { HttpRequest, HttpResponse, Inject, Plugin, Session, Upstream, Upstreams } from "sluice";
import { of, throwError, type Observable } from "rxjs";
import type { HttpConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { BatchedLeg } from "./turn/batched-leg.ts";
import { ClientLeg, type LegConsumer } from "./front/client-leg.ts";
import { ClientRequest } from "./exchange/client-request.ts";
import { FirstBytes } from "./front/first-bytes.ts";
import { Http1Requests } from "./front/http1-requests.ts";
import { Http2Requests } from "./front/http2-requests.ts";
import { endOfForwards } from "./exchange/max-forwards.ts";
import { httpSchema, type HttpOptions } from "./exchange/options.ts";
import { Router } from "./upstream/router.ts";
import { Serving } from "./front/serving.ts";

/**
 * Serves HTTP on a listener of streams. It answers a session itself: it reads the data after the byte hooks as requests. Each request
 * runs through the exchange hooks of the session's pipeline; the last of these is this plugin's own, which sends it to an upstream.
 */
class Http implements Plugin {
  readonly answersIn = ["connect", "exchange"] as const;
  readonly needs = ["plaintext"] as const;
  readonly #router: Router;

  constructor(
    private readonly options: HttpOptions,
    upstreams: Upstreams,
    private readonly serving: Serving,
  ) {
    this.#router = new Router(options, upstreams, (leg) => new BatchedLeg(leg, false));
  }

  setup(): void {
    this.#router.open();
    for (const [at, { upstream }] of this.options.routes.entries())
      if (upstream?.tls?.verify === false) this.serving.logger.warn(`routes[${at}]: the certificate of the upstream is not verified`);
  }

  teardown(): void {
    this.serving.http2.retire();
    this.#router.retire();
  }

  connect(_attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    // A ClientHello was read, but no plugin terminated TLS.
    if (session.tls !== undefined && session.tls.version === undefined) {
      const detail = `listener "${session.listener}" is tls://, so http() needs tlsTermination() before it`;
      return throwError(() => new SluiceError("SLUICE_CONFIG_INVALID", detail));
    }
    return of({ endpoint: "http", leg: new BatchedLeg(new ClientLeg((leg) => this.#serve(session, leg)), true) });
  }

  exchange(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse> {
    if (!(request instanceof ClientRequest)) return attempt;
    const end = endOfForwards(request);
    return end === undefined ? this.#router.attempt(request) : of(end);
  }

  #serve(session: Session, leg: ClientLeg): LegConsumer {
    const { serving } = this;
    const begin = (isHttp2: boolean): LegConsumer => {
      const consumer = isHttp2 ? new Http2Requests(session, leg, serving) : new Http1Requests(session, leg, serving);
      leg.serve(consumer);
      return consumer;
    };
    return session.tls?.protocol === "h2" ? begin(true) : new FirstBytes(leg, this.options.timeouts.headers, begin);
  }
}

function create(options: HttpOptions, inject: Inject): Http {
  const { listener, datagrams } = inject(PLACE);
  if (datagrams) throw new SluiceError("SLUICE_CONFIG_INVALID", `http() serves streams, and listener "${listener}" is udp://`);
  return new Http(options, inject(UPSTREAMS), new Serving(options, inject(EXCHANGE), inject(LOGGER), inject(METRICS)));
}

/**
 * Serves HTTP/1 and HTTP/2: routes by host, path and method, pooled upstreams, WebSocket.
 *
 * @example plugins: [http({ routes: [{ path: "/api", upstream: "localhost:3001" }, {}] })]
 */
export const http: PluginFactory<HttpConfig> = definePlugin("http", create, httpSchema);
