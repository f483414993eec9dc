import type { HttpHeaders } from "sluice";
import { createProxyServer, type ProxyServer } from "http-proxy";
import { EventEmitter } from "node:events";
import type { Agent, ClientRequest as OutgoingRequest, IncomingMessage, ServerResponse } from "node:http";
import { isNamed } from "../message/body-length.ts";
import { wireHeaders } from "../message/header-fields.ts";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { Outbound } from "./routing/outbound.ts";
import type { ReplayBody } from "../exchange/replay-body.ts";
import { RequestStream } from "./request-stream.ts";
import { UpstreamAttempt, type AttemptPlace } from "./upstream-attempt.ts";
import type { UpstreamConnection } from "./connection/upstream-connection.ts";

/** What one attempt sends, with a body that may still be coming. */
export type WithBody = Outbound & { readonly content: ReplayBody };

/**
 * The only file that uses the package `http-proxy`: it sends requests with a streamed body on connections of the pool. The connection reads the
 * response, as for all other requests. Headers are finished before, since an event of the package may not come (there is no `proxyReq` with
 * `Expect`).
 */
export class Forwarder {
  readonly #proxy: ProxyServer;

  constructor() {
    this.#proxy = createProxyServer({ selfHandleResponse: true });
    this.#proxy.on("error", (error, _request, response) => {
      (response as unknown as PackageResponse).attempt.unsendable(error);
    });
  }

  /** An attempt that sends a request whose body is streamed. */
  forward(request: WithBody, place: AttemptPlace): UpstreamAttempt {
    return new ComingRequest(this.#proxy, request, place);
  }
}

/** A request whose body may still be coming. */
class ComingRequest extends UpstreamAttempt {
  #isWaitingToContinue: boolean;
  #stream: RequestStream | undefined;
  #response: PackageResponse | undefined;
  readonly #content: ReplayBody;
  readonly #headers: HttpHeaders;

  constructor(
    private readonly proxy: ProxyServer,
    request: WithBody,
    place: AttemptPlace,
  ) {
    super(request, place);
    this.#content = request.content;
    this.#headers = readable(wireHeaders(request.headers, request.fieldNames));
    const { headers } = request;
    this.#isWaitingToContinue = headers["expect"] !== undefined;
    const isChunked = headers["content-length"] === undefined;
    if (isChunked) this.isLast = true;
    if (request.upgrade !== undefined) Object.assign(this.#headers, { connection: "Upgrade", upgrade: request.upgrade });
    // Without a length, chunks mark the end of the body. The package then sets Connection: close.
    if (isChunked) this.#headers["transfer-encoding"] = "chunked";
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
      // As the target's path, and without the request's: the package would put a slash before `*` (OPTIONS).
      target: { protocol: "http:", host: "upstream", port: 80, pathname: url },
      ignorePath: true,
      agent: agentOf(stream),
      buffer: incoming as never,
    };
    this.proxy.web(incoming as unknown as IncomingMessage, response as unknown as ServerResponse, settings).catch((error: unknown) => {
      this.unsendable(error);
    });
  }

  #sendBody(outgoing: OutgoingRequest, connection: UpstreamConnection): void {
    // Replaces the package's Connection field.
    if (this.isUpgrade && !outgoing.headersSent) outgoing.setHeader("connection", "Upgrade");
    outgoing.once("finish", () => {
      connection.sent();
    });
    // Node would hold the header back until a part of the body comes, but the client may wait for an answer first.
    if (!this.#content.hasPart) outgoing.flushHeaders();
    this.#content.pipeTo(outgoing);
  }

  override informed(response: InterimResponse): void {
    if (response.status === 100) this.#isWaitingToContinue = false;
    super.informed(response);
  }

  override drained(): void {
    this.#stream?.drained();
  }

  /** Makes the package end its work. */
  override over(): void {
    this.#response?.destroy();
    this.#stream?.destroy();
  }

  /** Called when the package or Node cannot send the request, or after `over`. */
  unsendable(error: unknown): void {
    this.connection?.abandon(this);
    this.failed(error);
  }
}

/**
 * The headers with content-length in lower case: the package would not find another spelling, and would add a second one. No trailers follow a body
 * with a length, and Node throws for the field that announces them.
 */
function readable(headers: HttpHeaders): HttpHeaders {
  const names = Object.keys(headers);
  const name = names.find((each) => isNamed(each, "content-length")) ?? "";
  const length = headers[name];
  if (length === undefined) return headers;
  delete headers[name];
  for (const each of names) if (isNamed(each, "trailer")) delete headers[each];
  headers["content-length"] = length;
  return headers;
}

/** An agent with one connection, for one request. */
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

/** The request as the package reads it: its header after hooks and routes, and a body that several attempts may send. */
class PackageRequest extends EventEmitter {
  readonly httpVersion = "1.1";
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly socket = { writable: true };

  constructor(
    readonly method: string,
    readonly url: string,
    /** Made for this attempt, so the package may change it. */
    readonly headers: HttpHeaders,
    private readonly send: (outgoing: OutgoingRequest) => void,
  ) {
    super();
  }

  /** Called by the package to read the body. */
  pipe(outgoing: OutgoingRequest): OutgoingRequest {
    this.send(outgoing);
    return outgoing;
  }
}

/** Given to the package in place of the response to the client. */
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
