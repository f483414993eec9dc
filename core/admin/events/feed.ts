import { Subscription } from "rxjs";
import type { ProxyEvent } from "../../contract/index.ts";
import type { EventData } from "../schemas/schemas.ts";
import type { FeedSources } from "./feed-sources.ts";
import type { ChunkWatcher } from "./session-tap.ts";
import type { Topics } from "./topics.ts";

/** Events that are kept, so that a reader can continue after a break, and the characters of their data. Samples of rates are not kept. */
const KEPT = 1_000;
const KEPT_CHARACTERS = 2 * 1024 * 1024;
const ABSENT_MS = 60_000;

/** An event of the proxy with its time. */
function dated<Event extends ProxyEvent>({ type: _type, ...rest }: Event): Omit<Event, "type"> & { readonly at: number } {
  return { at: Date.now(), ...rest };
}

type Told = "reloaded" | "refused" | "trial" | "taken-back" | "endpoint-down" | "endpoint-up";

/** The events of the proxy that are passed on, and what is told of each. */
const tells: { readonly [Type in Told]: (event: Extract<ProxyEvent, { readonly type: Type }>) => EventData[Type] } = {
  reloaded: dated,
  refused: ({ error: { code, message, where } }) => ({ at: Date.now(), error: { code, message, where } }),
  trial: dated,
  "taken-back": dated,
  "endpoint-down": dated,
  "endpoint-up": dated,
};

/** One event, as it is sent. */
export interface FeedEvent {
  /** Counts up, over processes too. */
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
  /** The characters of the data of kept events. */
  #size = 0;
  readonly #readers = new Map<FeedReader, Topics>();
  #following: Subscription | undefined;
  #sessions: Subscription | undefined;
  #rates: Subscription | undefined;
  /**
   * The id before the first. It tells the time at which this process began to count, so that ids of an earlier process are lower than all of these,
   * and a reader that comes back with one is known to have seen none of them.
   */
  readonly #before = Date.now() * 1000;
  #last = this.#before;

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
    // Any other id is one of an earlier process, so everything here is new.
    const seen = after >= this.#before && after <= this.#last ? after : this.#before;
    const first = this.#kept[0]?.event.id ?? this.#last + 1;
    if (seen + 1 < first) reader.take({ id: first - 1, ...droppedEvent(first - 1 - seen) });
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
    const tell = (tells as Readonly<Record<string, ((event: never) => object) | undefined>>)[event.type];
    if (tell !== undefined) this.#publish("reloads", event.type, JSON.stringify(tell(event as never)));
  }

  /** @param data JSON */
  #publish(topic: Base, type: string, data: string): void {
    const event = this.#make(type, data);
    if (topic !== "rates") this.#keep({ topic, event });
    for (const [reader, topics] of this.#readers) if (topics[topic]) reader.take(event);
  }

  #keep(next: { readonly topic: Base; readonly event: FeedEvent }): void {
    this.#kept.push(next);
    this.#size += next.event.data.length;
    while (this.#kept.length > KEPT || this.#size > KEPT_CHARACTERS) this.#size -= this.#kept.shift()?.event.data.length ?? 0;
  }

  #make(type: string, data: string): FeedEvent {
    this.#last += 1;
    return { id: this.#last, type, data };
  }
}

function ended(following: Subscription | undefined): undefined {
  following?.unsubscribe();
}

/** Tells a reader that events are missing. */
export function droppedEvent(dropped: number): Omit<FeedEvent, "id"> {
  const data: EventData["dropped"] = { dropped };
  return { type: "dropped", data: JSON.stringify(data) };
}

/** Returns a new object in each call, so that each counts as a reader of its own. */
function notReading(_topics: Topics): FeedReader {
  return { full: false, take: () => undefined, miss: () => undefined };
}
