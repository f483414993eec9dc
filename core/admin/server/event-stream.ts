import type { IncomingMessage, ServerResponse } from "node:http";
import { SluiceError } from "../../contract/index.ts";
import type { Feed, FeedEvent } from "../events/feed.ts";
import { topicsOf } from "../events/topics.ts";
import { safetyHeaders } from "./answer.ts";

/** What may wait for a reader; what comes then is dropped and counted: nobody's slowness may cost the proxy memory. */
const mostWaiting = 256 * 1024;
const heartbeatMs = 15_000;

/** Answers with server-sent events (WHATWG HTML, section 9.2) until the reader leaves. @throws SLUICE_ADMIN_REQUEST */
export function streamEvents(feed: Feed, request: IncomingMessage, query: URLSearchParams, response: ServerResponse): void {
  const topics = topicsOf(query.get("topics") ?? undefined);
  const after = lastId(request.headers["last-event-id"] ?? query.get("lastEventId"));
  response.writeHead(200, { ...safetyHeaders, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  response.flushHeaders();
  const reader = new StreamReader(response);
  const stop = feed.read(
    topics,
    (event) => {
      reader.take(event);
    },
    after,
  );
  const heartbeat = setInterval(() => {
    reader.beat();
  }, heartbeatMs);
  heartbeat.unref();
  response.on("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}

class StreamReader {
  #dropped = 0;
  #lastId = 0;

  constructor(private readonly response: ServerResponse) {
    response.on("drain", () => {
      this.#tellOfDropped();
    });
  }

  take(event: FeedEvent): void {
    if (this.response.writableLength > mostWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#tellOfDropped();
    this.#lastId = event.id;
    this.response.write(frame(event));
  }

  beat(): void {
    if (this.response.writableLength === 0) this.response.write(":\n\n");
  }

  #tellOfDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.response.write(frame({ id: this.#lastId, type: "dropped", data: JSON.stringify({ dropped }) }));
  }
}

/** JSON has no line breaks of its own. */
function frame({ id, type, data }: FeedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
}

function lastId(text: string | string[] | null | undefined): number | undefined {
  if (text === null || text === undefined || text === "") return undefined;
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) return Number(text);
  throw new SluiceError("SLUICE_ADMIN_REQUEST", `Last-Event-ID: expected a number, got ${JSON.stringify(text)}`);
}
