import { signal } from "@preact/signals";
import { takeToken } from "./token.ts";

/** Streams of events that are cut off now, and are asked for again. */
export const cut = signal<ReadonlySet<symbol>>(new Set());

/** Takes one event: its type, and the value of its JSON. */
export type EventReader = (type: string, value: unknown) => void;

const againMs = 1_000;

/**
 * Follows events of the server until it is stopped. It uses fetch, since EventSource cannot send the token. After a break it continues behind the
 * last event that came.
 *
 * @returns a function that stops it
 */
export function follow(topics: readonly string[], reader: EventReader): () => void {
  const stop = new AbortController();
  let lastId: string | undefined;
  const stream = Symbol("stream");
  const tell = (isCut: boolean): void => {
    if (cut.peek().has(stream) === isCut) return;
    cut.value = new Set([...[...cut.peek()].filter((each) => each !== stream), ...(isCut ? [stream] : [])]);
  };
  const read = async (): Promise<void> => {
    const headers: Record<string, string> = { authorization: `Bearer ${takeToken() ?? ""}` };
    if (lastId !== undefined) headers["last-event-id"] = lastId;
    const response = await fetch(`/api/v1/events?topics=${topics.map(encodeURIComponent).join(",")}`, { headers, signal: stop.signal });
    tell(!response.ok);
    await eachFrame(response, (frame) => {
      lastId = take(frame, reader) ?? lastId;
    });
  };
  const again = async (): Promise<void> => {
    await read().catch(() => undefined);
    tell(!stop.signal.aborted);
    if (!stop.signal.aborted) setTimeout(() => void again(), againMs);
  };
  void again();
  return () => stop.abort();
}

async function eachFrame({ body }: Response, given: (frame: string) => void): Promise<void> {
  const texts = body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await texts?.read(); part?.done === false; part = await texts?.read()) {
    const frames = (rest + part.value).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) given(frame);
  }
}

/** @returns the event's id */
function take(frame: string, reader: EventReader): string | undefined {
  const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  const data = fields.get("data");
  if (data !== undefined) reader(fields.get("event") ?? "message", JSON.parse(data));
  return fields.get("id");
}
