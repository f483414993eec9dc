import type { Attributes, Span } from "@opentelemetry/api";
import type { ExchangeEnd, HttpAttempt, HttpAttemptEnd, HttpRequest } from "sluice";
import { endpointAttributes, ends, isFailure, sessionAttributes } from "./attributes.ts";
import { redactedQuery } from "./redacted-query.ts";
import type { SessionSpan } from "./session-span.ts";
import type { TraceSource } from "./trace-source.ts";

/** The methods with names in the conventions (RFC 9110, RFC 5789); clients may send any other. */
const methods: ReadonlySet<string> = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);

/** The span of one request, with a child for each try; the upstream gets the child's id as its parent. */
export class RequestSpan {
  readonly #span: Span;
  readonly #over: (() => void) | undefined;
  /** Number of tries that have begun. */
  #tries = 0;

  private constructor(
    private readonly request: HttpRequest,
    private readonly source: TraceSource,
    session: SessionSpan | undefined,
  ) {
    const { SpanKind } = source.api;
    this.#span = source.start(nameOf(request), { kind: SpanKind.SERVER }, source.extract(request.headers));
    if (this.#span.isRecording()) this.#span.setAttributes(serverAttributes(request));
    this.#over = session?.serves(this.#span);
  }

  /** Makes the span of a request, which ends with the request. @param session the span of its session */
  static follow(request: HttpRequest, source: TraceSource, session: SessionSpan | undefined): void {
    const span = new RequestSpan(request, source, session);
    request.onAttempt((attempt) => span.#try(attempt));
    request.onEnd((end) => {
      span.#end(end);
    });
  }

  #try(attempt: HttpAttempt): (end: HttpAttemptEnd) => void {
    const { source, request } = this;
    const span = source.start(nameOf(request), { kind: source.api.SpanKind.CLIENT }, source.within(this.#span));
    if (span.isRecording()) span.setAttributes({ ...clientAttributes(request, attempt), ...resent(this.#tries) });
    this.#tries += 1;
    source.inject(span, attempt.headers);
    return ({ status, error }) => {
      this.#answered(span, status);
      const type = error?.code ?? (status !== undefined && status >= 400 ? String(status) : undefined);
      if (type !== undefined) this.#failed(span, type, error?.detail);
      span.end();
    };
  }

  #end({ status, error, requestBytes, responseBytes }: ExchangeEnd): void {
    const span = this.#span;
    this.#answered(span, status === 0 ? undefined : status);
    span.setAttributes({ "http.request.body.size": requestBytes, "http.response.body.size": responseBytes });
    if (error !== undefined && (status >= 500 || isFailure(error.code))) this.#failed(span, error.code, error.detail);
    else if (error !== undefined) span.setAttribute("error.type", error.code);
    else if (status >= 500) this.#failed(span, String(status), undefined);
    span.end();
    this.#over?.();
  }

  #answered(span: Span, status: number | undefined): void {
    if (status !== undefined) span.setAttribute("http.response.status_code", status);
  }

  #failed(span: Span, type: string, message: string | undefined): void {
    span.setAttribute("error.type", type);
    span.setStatus({ code: this.source.api.SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }
}

function nameOf({ method }: HttpRequest): string {
  return methods.has(method) ? method : "HTTP";
}

function methodAttributes({ method }: HttpRequest): Attributes {
  if (methods.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", "http.request.method_original": method };
}

function serverAttributes(request: HttpRequest): Attributes {
  const { session, client, host, scheme, httpVersion, url, headers } = request;
  const [path, query] = halves(url);
  const port = /:(\d+)$/.exec(String(headers["host"] ?? ""))?.[1];
  const agent = headers["user-agent"];
  return {
    ...sessionAttributes(session),
    ...methodAttributes(request),
    "url.scheme": scheme,
    "url.path": path,
    ...(query === undefined ? {} : { "url.query": redactedQuery(query) }),
    ...ends("server", { address: host, port: Number(port ?? 0) }),
    ...ends("client", client),
    ...ends("network.peer", session.peer),
    "network.protocol.name": "http",
    "network.protocol.version": httpVersion === "2.0" ? "2" : httpVersion,
    ...(typeof agent === "string" ? { "user_agent.original": agent } : {}),
  };
}

function clientAttributes(request: HttpRequest, { endpoint, scheme, url }: HttpAttempt): Attributes {
  const [path, query] = halves(url);
  const host = endpoint.startsWith("unix:") ? "localhost" : endpoint;
  return {
    ...methodAttributes(request),
    ...endpointAttributes(endpoint),
    "url.full": `${scheme}://${host}${path}${query === undefined ? "" : `?${redactedQuery(query)}`}`,
  };
}

function resent(tries: number): Attributes {
  return tries === 0 ? {} : { "http.request.resend_count": tries };
}

/** Divides a URL into its path and its query. */
function halves(url: string): [string, string?] {
  const at = url.indexOf("?");
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}
