import { SluiceError } from "sluice";
import type { HttpHeaders, HttpResponse } from "sluice";
import type { LegDuplex } from "sluice/flow";
import { createProxyServer, type ProxyServer } from "http-proxy";
import { EventEmitter } from "node:events";
import type { ClientRequest as OutgoingRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Observable, type Subscriber } from "rxjs";
import type { EndpointAgent } from "./endpoint-agent.ts";
import { endToEnd } from "./header-fields.ts";
import type { Outbound } from "./outbound.ts";
import type { ReplayBody } from "./replay-body.ts";
import { endlessInterim, MOST_INTERIM, unaskedUpgrade, upstreamFailure } from "./upstream-failure.ts";

/** What one attempt sends, with a body that may still be coming. */
export type WithBody = Outbound & { readonly content: ReplayBody };

export interface ForwardOptions {
  readonly agent: EndpointAgent;
  /** The endpoint's name, for messages. */
  readonly endpoint: string;
  /** Milliseconds until the response's header. */
  readonly timeout: number;
}

/**
 * The one place that knows the package `http-proxy`: sends a request on whose body comes by and by, and gives its response back without having sent anything. All
 * that concerns headers is done before, since an event of the package is not certain to come (`proxyReq` is left out with `Expect`).
 */
export class Forwarder {
  readonly #proxy: ProxyServer;

  constructor() {
    this.#proxy = createProxyServer({ selfHandleResponse: true });
    this.#proxy.on("proxyRes", (response, _request, attempt) => {
      (attempt as unknown as Attempt).answered(response);
    });
    this.#proxy.on("error", (error, _request, attempt) => {
      (attempt as unknown as Attempt).failed(error);
    });
  }

  /** One attempt per subscription; unsubscribing before the response aborts it. After that the response's body is the subscriber's. */
  forward(request: WithBody, options: ForwardOptions): Observable<HttpResponse> {
    return new Observable((subscriber) => {
      const attempt = new Attempt(request, options, subscriber);
      const outgoing = new ForwardedRequest(request, attempt);
      const settings = { target: { protocol: "http:", host: "upstream", port: 80 }, agent: options.agent, buffer: outgoing as never };
      this.#proxy.web(outgoing as unknown as IncomingMessage, attempt as unknown as ServerResponse, settings).catch((error: unknown) => {
        attempt.failed(error);
      });
      return () => {
        attempt.abort();
      };
    });
  }
}

/** The request as the package reads it: its header as hooks and routes left it, and a body of which several attempts may be made. */
class ForwardedRequest extends EventEmitter {
  readonly httpVersion = "1.1";
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly socket = { writable: true };
  readonly method: string;
  readonly url: string;
  /** Made for this attempt, so it may be changed. */
  readonly headers: HttpHeaders;

  constructor(
    private readonly request: WithBody,
    private readonly attempt: Attempt,
  ) {
    super();
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    // Without a length the body's end must be marked. The package then uses the connection for nothing else.
    if (this.headers["content-length"] === undefined) this.headers["transfer-encoding"] = "chunked";
  }

  /** Called by the package as the stream of the body, once the request has a connection, which need not be open. */
  pipe(outgoing: OutgoingRequest): OutgoingRequest {
    this.attempt.begun(outgoing);
    const { content } = this.request;
    const stream = outgoing.socket as unknown as LegDuplex;
    // Nothing of the body is taken before: an attempt that cannot connect leaves all of it to the next.
    if (stream.connecting) stream.once("connect", () => content.pipeTo(outgoing));
    else content.pipeTo(outgoing);
    return outgoing;
  }
}

/** One attempt, standing where the package expects the response to the client: so the client's own is untouched until one succeeds. */
class Attempt extends EventEmitter {
  readonly headersSent = false;
  readonly finished = false;
  writableFinished = false;
  destroyed = false;
  #outgoing: OutgoingRequest | undefined;
  #settled = false;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly request: WithBody,
    private readonly options: ForwardOptions,
    private readonly subscriber: Subscriber<HttpResponse>,
  ) {
    super();
    this.#timer = setTimeout(() => {
      this.failed(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", `upstream ${options.endpoint} sent no response within ${options.timeout} ms`));
    }, options.timeout);
  }

  begun(outgoing: OutgoingRequest): void {
    this.#outgoing = outgoing;
    // RFC 9112 section 9.6. Node keeps a connection on which it said close, where the response does not say so, too.
    if (outgoing.getHeader("connection") === "close") outgoing.shouldKeepAlive = false;
    const { interim } = this.request;
    outgoing.on("continue", () => {
      interim?.continued();
    });
    // Node ends such a request without an error.
    outgoing.once("upgrade", (_response: IncomingMessage, stream: Duplex) => {
      stream.destroy();
      this.failed(unaskedUpgrade(this.options.endpoint));
    });
    let interims = 0;
    outgoing.on("information", ({ statusCode, headers }) => {
      interims += 1;
      if (interims > MOST_INTERIM) this.failed(endlessInterim(this.options.endpoint));
      else if (statusCode === 103) interim?.hinted(headers as HttpHeaders);
    });
  }

  answered(response: IncomingMessage): void {
    if (!this.#settle()) {
      response.destroy();
      return;
    }
    // A body that ends with the connection does not end by a reset, which Node takes for its end.
    response.socket.prependListener("error", (error) => response.destroy(error));
    response.once("end", () => {
      this.writableFinished = true;
      this.emit("close");
    });
    this.subscriber.next({
      status: response.statusCode ?? 502,
      headers: endToEnd(response.rawHeaders),
      body: response,
      trailers: () => endToEnd(response.rawTrailers),
      upstream: this.options.endpoint,
    });
    this.subscriber.complete();
  }

  failed(error: unknown): void {
    if (!this.#settle()) return;
    this.#release();
    this.subscriber.error(upstreamFailure(error, this.options.endpoint, this.#outgoing));
  }

  /** Called by the package when the response breaks off: its body says so by itself. */
  destroy(): void {
    this.destroyed = true;
  }

  abort(): void {
    if (this.#settle()) this.#release();
  }

  /** Makes the package let go of the upstream. */
  #release(): void {
    this.destroyed = true;
    // With an error the upstream is reset: it sees that nobody waits for its answer.
    this.#outgoing?.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the attempt was given up"));
    this.emit("close");
    if (this.#outgoing === undefined) this.options.agent.forget();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    return true;
  }
}
