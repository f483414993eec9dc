import { Subscription } from "rxjs";
import type { ProxyEvent, SluiceError } from "../../contract/index.ts";
import type { FeedSources } from "./feed-sources.ts";
import type { ChunkWatcher } from "./session-tap.ts";
import type { Topics } from "./topics.ts";

/** Events that are kept, so that a reader can continue after a break. */
const KEPT = 1_000;
const ABSENT_MS = 60_000;

/** Events of the proxy that are passed on as they are. */
const tells: ReadonlySet<string> = new Set<ProxyEvent["type"]>(["reloaded", "trial", "taken-back", "endpoint-down", "endpoint-up"]);

/** One event, as it is sent. */
export interface FeedEvent {
  /** Counts up within the process. */
  readonly id: number;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** A reader of events. */
export interface FeedReader {
  /** As much as is allowed waits for it, so chunks are not even copied for it. */
  readonly full: boolean;
  take(event: FeedEvent): void;
  /** A chunk was left out, since the reader was full. */
  miss(): void;
}

type Base = "sessions" | "rates" | "reloads" | "log";

/** The events of a proxy, for all readers. Events that nobody reads are not made. */
export class Feed {
  readonly #kept: { readonly topic: Base; readonly event: FeedEvent }[] = [];
  readonly #readers = new Map<FeedReader, Topics>();
  #following: Subscription | undefined;
  #sessions: Subscription | undefined;
  #rates: Subscription | undefined;
  #last = 0;

  constructor(private readonly sources: FeedSources) {}

  /**
   * Sends events of some topics to a reader.
   *
   * @param after the id of the last event that the reader has seen: later ones are sent first, and `dropped` says how many are no longer kept
   * @returns a function that stops it
   */
  read(topics: Topics, reader: FeedReader, after?: number): () => void {
    if (after !== undefined) this.#catchUp(topics, reader, after);
    const stops = topics.taps.map((what) =>
      this.sources.tap(what, {
        get full() {
          return reader.full;
        },
        show: (chunk) => {
          reader.take(this.#make("chunk", JSON.stringify(chunk)));
        },
        miss: () => {
          reader.miss();
        },
      }),
    );
    this.#readers.set(reader, topics);
    this.#follow();
    return () => {
      this.#readers.delete(reader);
      for (const stop of stops) stop();
      this.#expect(topics);
      this.#follow();
    };
  }

  /** Shows chunks to a watcher. @returns a function that stops it */
  tap(what: string, watcher: ChunkWatcher): () => void {
    return this.sources.tap(what, watcher);
  }

  /** A reader that left may have been cut off and come back: for a while its events are kept as if it were still reading. */
  #expect(topics: Topics): void {
    const absent = notReading(topics);
    this.#readers.set(absent, { ...topics, rates: false });
    setTimeout(() => {
      this.#readers.delete(absent);
      this.#follow();
    }, ABSENT_MS).unref();
  }

  #catchUp(topics: Topics, reader: FeedReader, after: number): void {
    // An id that is not given out yet is one of an earlier process, so everything here is new.
    const seen = after > this.#last ? 0 : after;
    const first = this.#kept[0]?.event.id ?? this.#last + 1;
    if (seen + 1 < first) reader.take({ id: first - 1, type: "dropped", data: JSON.stringify({ dropped: first - 1 - seen }) });
    for (const { topic, event } of this.#kept) if (event.id > seen && topics[topic]) reader.take(event);
  }

  #follow(): void {
    const wanted = [...this.#readers.values()];
    if (wanted.length === 0) {
      this.#following?.unsubscribe();
      this.#following = undefined;
    } else this.#following ??= this.#subscribe();
    const { sessions, rates } = this.sources;
    if (!wanted.some((topics) => topics.sessions)) this.#sessions = ended(this.#sessions);
    else this.#sessions ??= sessions.subscribe(({ type, data }) => this.#publish("sessions", type, data));
    if (!wanted.some((topics) => topics.rates)) this.#rates = ended(this.#rates);
    else this.#rates ??= rates.subscribe((value) => this.#publish("rates", "rates", JSON.stringify(value)));
  }

  #subscribe(): Subscription {
    const { lifecycle, log } = this.sources;
    const all = new Subscription();
    all.add(
      lifecycle.subscribe((event) => {
        this.#tellOfProxy(event);
      }),
    );
    all.add(
      log?.subscribe((line) => {
        this.#publish("log", "log", line.trimEnd());
      }),
    );
    return all;
  }

  #tellOfProxy(event: ProxyEvent): void {
    if (event.type === "refused") this.#publish("reloads", event.type, JSON.stringify({ error: errorOf(event.error) }));
    else if (tells.has(event.type)) {
      const { type, ...rest } = event;
      this.#publish("reloads", type, JSON.stringify({ at: Date.now(), ...rest }));
    }
  }

  /** @param data JSON */
  #publish(topic: Base, type: string, data: string): void {
    const event = this.#make(type, data);
    this.#kept.push({ topic, event });
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const [reader, topics] of this.#readers) if (topics[topic]) reader.take(event);
  }

  #make(type: string, data: string): FeedEvent {
    this.#last += 1;
    return { id: this.#last, type, data };
  }
}

function ended(following: Subscription | undefined): undefined {
  following?.unsubscribe();
}

function errorOf({ code, message, where }: SluiceError): object {
  return { code, message, where };
}

/** Returns a new object in each call, so that each counts as a reader of its own. */
function notReading(_topics: Topics): FeedReader {
  return { full: false, take: () => undefined, miss: () => undefined };
}
