import { expect } from "chai";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";
import { tracesInJson, tracesInProtobuf, type ReceivedSpan } from "./otlp-traces.ts";
import { portOf } from "./sockets.ts";

/** A server that takes traces by OTLP over HTTP, in protobuf and in JSON. */
export interface OtlpCollector {
  /** `http://127.0.0.1:<port>`, as the option `endpoint` takes it. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Requests so far: the path and the type of what came. */
  readonly asked: readonly string[];
  /** The spans, once so many have come. */
  received(count: number): Promise<readonly ReceivedSpan[]>;
}

/** Whether it answers by itself. */
type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Starts one, which is closed by the cleanup. @param answer instead of taking what came */
export async function startCollector(cleanup: Cleanup, answer: Answer = () => false): Promise<OtlpCollector> {
  const spans: ReceivedSpan[] = [];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const type = request.headers["content-type"] ?? "";
    asked.push(`${request.url} ${type}`);
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (answer(request, response)) return;
      const body = Buffer.concat(chunks);
      spans.push(...(type === "application/json" ? tracesInJson(body) : tracesInProtobuf(body)));
      response.setHeader("content-type", type);
      response.end(type === "application/json" ? "{}" : undefined);
    });
  });
  server.on("connection", (socket) => socket.on("error", () => undefined));
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(async () => {
    server.close();
    server.closeAllConnections();
    await eventOf(server, "close");
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    spans,
    asked,
    async received(count) {
      await eventually(() => expect(spans).to.have.length.at.least(count), { within: 10_000, what: `${count} spans` });
      return spans;
    },
  };
}

/** The children of a span, in the order in which they came. */
export function childrenOf(parent: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.filter(({ parentSpanId, traceId }) => parentSpanId === parent.spanId && traceId === parent.traceId);
}

/** Spans that begin a trace. */
export const roots = (spans: readonly ReceivedSpan[]): ReceivedSpan[] => spans.filter(({ parentSpanId }) => parentSpanId === "");

/** Sets variables of the environment until the cleanup. */
export function setVariables(cleanup: Cleanup, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    cleanup.add(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
