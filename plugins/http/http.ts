import { definePlugin, EXCHANGE, LOGGER, METRICS, PLACE, SluiceError, UPSTREAMS } from "sluice";
import type { Exchange, HttpRequest, HttpResponse, Inject, Logger, Metrics, Plugin, Session, Upstream, Upstreams } from "sluice";
import { answerStream, each } from "sluice/flow";
import { defer, of, throwError, type Observable } from "rxjs";
import { ClientRequest } from "./client-request.ts";
import { Connection, type ConnectionTools } from "./connection.ts";
import { Front } from "./front.ts";
import { httpSchema, type HttpOptions } from "./options.ts";
import { Router } from "./router.ts";

/** What a use of http() injects. */
interface HttpParts {
  readonly exchange: Exchange;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The plugin use's. */
  readonly name: string;
}

/**
 * Serves HTTP on a listener of bytes. It answers a session by itself: Node's parser reads what comes through the byte hooks, each request
 * runs through the exchange hooks of the session's pipeline, and the last of these, this plugin's own, sends it to an upstream.
 */
class Http implements Plugin {
  readonly borrows = true;
  /** Under which a session's connection is kept: a reload makes another instance, and two uses on a listener are two. */
  readonly #note: string;
  readonly #front: Front;
  readonly #router: Router;
  readonly #tools: ConnectionTools;

  constructor(
    private readonly options: HttpOptions,
    upstreams: Upstreams,
    { exchange, logger, metrics, name }: HttpParts,
  ) {
    this.#note = `http ${name}`;
    this.#front = new Front(options);
    this.#router = new Router(options, upstreams);
    const counters = {
      requests: metrics.counter("sluice_http_requests_total"),
      failed: metrics.counter("sluice_http_requests_failed_total"),
      refused: metrics.counter("sluice_http_connections_refused_total"),
    };
    this.#tools = { front: this.#front, options, logger, exchange, counters };
  }

  setup(): void {
    this.#router.open();
    for (const [at, { upstream }] of this.options.routes.entries())
      if (upstream?.tls?.verify === false) this.#tools.logger.warn(`routes[${at}]: the certificate of the upstream is not verified`);
  }

  teardown(): void {
    this.#front.retire();
    this.#router.retire();
  }

  connect(_attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    if (session.transport === "tls" && session.tls?.version === undefined) {
      const detail = `listener "${session.listener}" is tls://, so http() needs tlsTermination() before it`;
      return throwError(() => new SluiceError("SLUICE_CONFIG_INVALID", detail));
    }
    const connection = new Connection(session, this.#tools);
    session.notes.set(this.#note, connection);
    return of(
      answerStream(
        "http",
        (stream) => {
          connection.begin(stream);
        },
        session,
      ),
    );
  }

  /** Watches the framing. What it knows of the connection survives a swap in the session's notes. */
  fromClient(data: Observable<Buffer>, session: Session): Observable<Buffer> {
    let connection: Connection | undefined;
    return data.pipe(
      each((chunk) => {
        connection ??= session.notes.get(this.#note) as Connection | undefined;
        return connection === undefined ? chunk : connection.check(chunk);
      }),
    );
  }

  exchange(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse> {
    if (!(request instanceof ClientRequest)) return attempt;
    const tried = new Set<string>();
    return defer(() => this.#router.attempt(request, tried));
  }
}

function create(options: HttpOptions, inject: Inject): Http {
  const { listener, transport, plugin } = inject(PLACE);
  if (transport === "udp") throw new SluiceError("SLUICE_CONFIG_INVALID", `http() serves streams, and listener "${listener}" is udp://`);
  return new Http(options, inject(UPSTREAMS), {
    exchange: inject(EXCHANGE),
    logger: inject(LOGGER),
    metrics: inject(METRICS),
    name: plugin,
  });
}

/** Makes a use of the plugin. */
export const http = definePlugin("http", create, httpSchema);
