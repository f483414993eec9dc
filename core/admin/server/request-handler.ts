import type { IncomingMessage, ServerResponse } from "node:http";
import { SluiceError, type ResolvedAdmin } from "../../contract/index.ts";
import { EventStream } from "../events/event-stream.ts";
import { exposition } from "../metrics/exposition.ts";
import type { AnswerSource } from "./answer-source.ts";
import { answerError, answerJson, answerText, Refusal } from "./answer.ts";
import { answerEvents } from "./event-response.ts";
import { checkHost, checkOrigin, checkToken, isJson, type GuardRules } from "./guard.ts";
import { generationCheck } from "./if-match.ts";
import { readBody } from "./read-body.ts";
import { apiRoot, route, withBody, type RoutedOperation } from "./routes.ts";
import { staticFile } from "./static-files.ts";

const metricsPath = "/metrics";

/** What a server needs to answer. The rules and the proxy may change while it listens. */
export interface ServerSource {
  readonly rules: GuardRules & Pick<ResolvedAdmin, "metrics">;
  /** Undefined before the proxy is up. */
  readonly live: AnswerSource | undefined;
}

/** Answers one request: probes, then the guard, then the page, metrics or an operation. */
export async function handleRequest(served: ServerSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await answer(served, request, response);
  } catch (error) {
    answerError(request, response, error);
  }
}

async function answer(served: ServerSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { rules, live } = served;
  const { pathname, searchParams } = target(request.url);
  if (isProbe(pathname)) {
    probe(pathname, live, response);
    return;
  }
  const head = { method: String(request.method), headers: request.headers, headersDistinct: request.headersDistinct };
  const { method } = head;
  checkHost(head, rules);
  const reads = method === "GET" || method === "HEAD";
  if (!reads) checkOrigin(head);
  if (!pathname.startsWith(apiRoot) && pathname !== metricsPath) {
    await servePage(reads, pathname, response);
    return;
  }
  if (pathname !== metricsPath || rules.metrics !== "open") checkToken(head, rules);
  if (live === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
  if (pathname === metricsPath) await serveMetrics(live, reads, response);
  else await serveOperation(live, request, { method, path: pathname.slice(apiRoot.length), query: searchParams, response });
}

async function serveMetrics(live: AnswerSource, reads: boolean, response: ServerResponse): Promise<void> {
  if (!reads) throw new Refusal(405, new SluiceError("SLUICE_ADMIN_REQUEST", "expected GET"), { allow: "GET, HEAD" });
  const { text, contentType } = await exposition(await live.measure());
  answerText(response, 200, text, { "content-type": contentType });
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

async function serveOperation(live: AnswerSource, request: IncomingMessage, { method, path, query, response }: Asked): Promise<void> {
  const { headers } = request;
  const found = route(method, path, query);
  const reads = found.operation.method === "GET";
  if (!reads && !isJson({ method, headers }))
    throw new Refusal(415, new SluiceError("SLUICE_ADMIN_REQUEST", "expected Content-Type: application/json"));
  const input = reads ? { ...found.input, ...resumed(found, headers) } : withBody(found, await readBody(request));
  const value = await live.perform(found.operation, input, { check: generationCheck(headers["if-match"]) });
  if (value instanceof EventStream) answerEvents(response, value);
  else answerJson(response, 200, value, { etag: `"g${live.generation}"` });
}

/** The event after which a reader of events continues, from the header that browsers send. */
function resumed({ operation }: RoutedOperation, headers: IncomingMessage["headers"]): object {
  const last = headers["last-event-id"];
  return operation.answer === "stream" && last !== undefined ? { lastEventId: last } : {};
}

async function servePage(reads: boolean, pathname: string, response: ServerResponse): Promise<void> {
  if (!reads) throw new Refusal(405, new SluiceError("SLUICE_ADMIN_REQUEST", "expected GET"), { allow: "GET, HEAD" });
  const file = await staticFile(pathname);
  if (file === undefined)
    throw new Refusal(404, new SluiceError("SLUICE_ADMIN_REQUEST", `there is no ${pathname}: the API is at ${apiRoot}`));
  answerText(response, 200, file.content, file.headers);
}

function isProbe(pathname: string): pathname is "/healthz" | "/readyz" {
  return pathname === "/healthz" || pathname === "/readyz";
}

/** Answers a probe, under any Host and without a token. It only says whether the process lives, and whether it takes sessions. */
function probe(pathname: "/healthz" | "/readyz", live: AnswerSource | undefined, response: ServerResponse): void {
  const ready = live?.isReady === true;
  if (pathname === "/healthz" || ready) answerText(response, 200, "ok\n");
  else answerText(response, 503, live === undefined ? "starting\n" : "closing\n");
}

/** The path of a request. @throws SLUICE_ADMIN_REQUEST for a complete URL, which clients send only to a proxy, and this server is none */
function target(url = "/"): URL {
  if (url.startsWith("/") && !url.startsWith("//") && URL.canParse(url, "http://localhost")) return new URL(url, "http://localhost");
  throw new SluiceError("SLUICE_ADMIN_REQUEST", `expected a path, got ${JSON.stringify(url)}`);
}
