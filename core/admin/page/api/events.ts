import { signal } from "@preact/signals";
import { takeToken } from "./token.ts";

/** Whether the stream of events is cut off; it is asked for again. */
export const cut = signal(false);

/** Takes one event: its type, and the value of its JSON. */
export type EventReader = (type: string, value: unknown) => void;

interface Follower {
  readonly topics: readonly string[];
  readonly reader: EventReader;
}

const againMs = 1_000;
const followers = new Set<Follower>();
let stop = new AbortController();

/**
 * Follows events of the server until it is stopped. It uses fetch, since EventSource cannot send the token. All followers share one stream, and a
 * tab that nobody sees has none: browsers open six connections to a server, for all tabs together, and the seventh request waits for ever.
 *
 * @param reader is given the events of all followers
 * @returns a function that stops it
 */
export function follow(topics: readonly string[], reader: EventReader): () => void {
  const follower = { topics, reader };
  followers.add(follower);
  restart();
  return () => {
    followers.delete(follower);
    restart();
  };
}

document.addEventListener("visibilitychange", restart);

function restart(): void {
  stop.abort();
  stop = new AbortController();
  const { signal: stopped } = stop;
  // One view stops to follow and the next begins, in the same turn.
  setTimeout(() => void readOn(stopped));
}

async function readOn(stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted && !document.hidden && followers.size > 0) {
    await read(stopped).catch(() => undefined);
    if (stopped.aborted) return;
    cut.value = true;
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function read(stopped: AbortSignal): Promise<void> {
  const topics = new Set([...followers].flatMap((follower) => follower.topics));
  const headers = { authorization: `Bearer ${takeToken() ?? ""}` };
  const response = await fetch(`/api/v1/events?topics=${[...topics].map(encodeURIComponent).join(",")}`, { headers, signal: stopped });
  cut.value = !response.ok;
  await eachFrame(response, take);
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

function take(frame: string): void {
  const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  const data = fields.get("data");
  if (data === undefined) return;
  const value: unknown = JSON.parse(data);
  for (const { reader } of followers) reader(fields.get("event") ?? "message", value);
}
