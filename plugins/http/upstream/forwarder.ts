import type { HttpHeaders, HttpResponse } from "sluice";
import { createProxyServer, type ProxyServer } from "http-proxy";
import { EventEmitter } from "node:events";
import type { Agent, ClientRequest as OutgoingRequest, IncomingMessage, ServerResponse } from "node:http";
import { Observable } from "rxjs";
import { isNamed } from "../message/body-length.ts";
import { wireHeaders } from "../message/header-fields.ts";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { Outbound } from "./outbound.ts";
import type { ReplayBody } from "../exchange/replay-body.ts";
import { RequestStream } from "./request-stream.ts";
import { UpstreamAttempt, type AttemptPlace } from "./upstream-attempt.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** What one attempt sends, with a body that may still be coming. */
export type WithBody = Outbound & { readonly content: ReplayBody };

/**
 * The one place that knows the package `http-proxy`: it sends requests whose body is streamed, on connections of the pool. What answers them is read by the
 * connection, as for every other request. All that concerns headers is done before, since an event of the package is not certain to come (`proxyReq` is left out with `Expect`).
 */
export class Forwarder {
  readonly #proxy: ProxyServer;

  constructor() {
    this.#proxy = createProxyServer({ selfHandleResponse: true });
    this.#proxy.on("error", (error, _request, response) => {
      (response as unknown as PackageResponse).attempt.unsendable(error);
    });
  }

  /** One attempt per subscription; unsubscribing before the response aborts it. After that the response's body is the subscriber's. */
  forward(request: WithBody, place: AttemptPlace): Observable<HttpResponse> {
    return new Observable((subscriber) => {
      const attempt = new ComingRequest(this.#proxy, request, place, subscriber);
      attempt.start();
      return attempt;
    });
  }
}

/** A request that may not have come completely. */
class ComingRequest extends UpstreamAttempt {
  readonly isLast: boolean;
  #isWaitingToContinue: boolean;
  #stream: RequestStream | undefined;
  #response: PackageResponse | undefined;
  readonly #content: ReplayBody;
  readonly #headers: HttpHeaders;

  constructor(
    private readonly proxy: ProxyServer,
    request: WithBody,
    place: AttemptPlace,
    subscriber: ConstructorParameters<typeof UpstreamAttempt>[2],
  ) {
    super(request, place, subscriber);
    this.#content = request.content;
    this.#headers = readable(wireHeaders(request.headers, request.fieldNames));
    const { headers } = request;
    this.#isWaitingToContinue = headers["expect"] !== undefined;
    this.isLast = headers["content-length"] === undefined;
    if (request.upgrade !== undefined) Object.assign(this.#headers, { connection: "Upgrade", upgrade: request.upgrade });
    // Without a length the body's end must be marked. The package then says close.
    if (this.isLast) this.#headers["transfer-encoding"] = "chunked";
  }

  get isExpecting(): boolean {
    return this.#isWaitingToContinue;
  }

  protected override send(connection: UpstreamConnection): void {
    const stream = new RequestStream(connection);
    const response = new PackageResponse(this);
    this.#stream = stream;
    this.#response = response;
    const { method, url } = this.request;
    const incoming = new PackageRequest(method, url, this.#headers, (outgoing) => {
      this.#sendBody(outgoing, connection);
    });
    const settings = {
      target: { protocol: "http:", host: "upstream", port: 80 },
      agent: agentOf(stream),
      buffer: incoming as never,
    };
    this.proxy.web(incoming as unknown as IncomingMessage, response as unknown as ServerResponse, settings).catch((error: unknown) => {
      this.unsendable(error);
    });
  }

  #sendBody(outgoing: OutgoingRequest, connection: UpstreamConnection): void {
    // In the place of that.
    if (this.isUpgrade && !outgoing.headersSent) outgoing.setHeader("connection", "Upgrade");
    outgoing.once("finish", () => {
      connection.sent();
    });
    this.#content.pipeTo(outgoing);
  }

  override informed(response: InterimResponse): void {
    if (response.status === 100) this.#isWaitingToContinue = false;
    super.informed(response);
  }

  override drained(): void {
    this.#stream?.drained();
  }

  /** Makes the package let go. */
  override over(): void {
    this.#response?.destroy();
    this.#stream?.destroy();
  }

  /** The package, or Node, would not send it; or it was told to let go. */
  unsendable(error: unknown): void {
    this.connection?.abandon(this);
    this.failed(error);
  }
}

/** The package looks for a length in lower case alone, and would add another. */
function readable(headers: HttpHeaders): HttpHeaders {
  const name = Object.keys(headers).find((each) => isNamed(each, "content-length")) ?? "";
  const length = headers[name];
  if (length === undefined) return headers;
  delete headers[name];
  headers["content-length"] = length;
  return headers;
}

/** An agent that has one connection, and it for one request. */
function agentOf(stream: RequestStream): Agent {
  const agent = {
    protocol: "http:",
    defaultPort: 80,
    keepAlive: true,
    addRequest(request: { onSocket(stream: RequestStream): void }) {
      request.onSocket(stream);
    },
  };
  return agent as unknown as Agent;
}

/** The request as the package reads it: its header as hooks and routes left it, and a body that several attempts may send. */
class PackageRequest extends EventEmitter {
  readonly httpVersion = "1.1";
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly socket = { writable: true };

  constructor(
    readonly method: string,
    readonly url: string,
    /** Made for this attempt, so it may be changed. */
    readonly headers: HttpHeaders,
    private readonly send: (outgoing: OutgoingRequest) => void,
  ) {
    super();
  }

  /** Called by the package as the stream of the body. */
  pipe(outgoing: OutgoingRequest): OutgoingRequest {
    this.send(outgoing);
    return outgoing;
  }
}

/** Stands where the package expects the response to the client. */
class PackageResponse extends EventEmitter {
  readonly headersSent = false;
  readonly finished = false;
  readonly writableFinished = false;
  destroyed = false;

  constructor(readonly attempt: ComingRequest) {
    super();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}
