import type { ServerResponse } from "node:http";
import type { EventStream } from "../events/event-stream.ts";
import type { FeedEvent } from "../events/feed.ts";
import { safetyHeaders } from "./answer.ts";

const heartbeatMs = 15_000;

/** Answers with server-sent events (WHATWG HTML, section 9.2) until the reader leaves. */
export function answerEvents(response: ServerResponse, events: EventStream): void {
  response.writeHead(200, { ...safetyHeaders, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  response.flushHeaders();
  const stop = events.writeTo(response, frame);
  const heartbeat = setInterval(() => {
    if (response.writableLength === 0) response.write(":\n\n");
  }, heartbeatMs);
  heartbeat.unref();
  response.on("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}

/** An event as a frame of server-sent events. Its JSON has no line breaks. */
function frame({ id, type, data }: FeedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
}
