import { Subscription } from "rxjs";
import type { ProxyEvent, SluiceError } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import { endedView, openView } from "../sessions/session-view.ts";
import { Rates } from "./rates.ts";
import type { ChunkWatcher } from "./session-tap.ts";
import { Taps } from "./taps.ts";
import type { Topics } from "./topics.ts";

/** Events that can be had again after a break. */
const KEPT = 1_000;
const RATES_MS = 1_000;
const ABSENT_MS = 60_000;

/** Of the proxy, told as they are. */
const tells: ReadonlySet<string> = new Set<ProxyEvent["type"]>(["reloaded", "trial", "taken-back", "endpoint-down", "endpoint-up"]);

/** One event, as it is sent. */
export interface FeedEvent {
  /** Counts up within the process. */
  readonly id: number;
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** Takes events. */
export interface FeedReader {
  /** It has as much as may wait for it: chunks are not even copied for it. */
  readonly full: boolean;
  take(event: FeedEvent): void;
  /** There was a chunk that it was not given, since it was full. */
  miss(): void;
}

type Base = "sessions" | "rates" | "reloads" | "log";

/** What happens in a proxy, for everybody who looks on. What nobody reads is not made. */
export class Feed {
  readonly #kept: { readonly topic: Base; readonly event: FeedEvent }[] = [];
  readonly #readers = new Map<FeedReader, Topics>();
  readonly #taps: Taps;
  #following: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  constructor(private readonly proxy: Proxy) {
    this.#taps = new Taps(proxy);
  }

  /**
   * Sends events of some topics to a reader.
   *
   * @param after the id of the last event that it has seen: those since are sent first, and `dropped` says how many are gone
   * @returns how to stop
   */
  read(topics: Topics, reader: FeedReader, after?: number): () => void {
    if (after !== undefined) this.#catchUp(topics, reader, after);
    const stops = topics.taps.map((what) =>
      this.#taps.watch(what, {
        get full() {
          return reader.full;
        },
        show: (chunk) => {
          reader.take(this.#make("chunk", chunk));
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

  /** Shows chunks as {@link Taps.watch} does. @returns how to stop */
  tap(what: string, watcher: ChunkWatcher): () => void {
    return this.#taps.watch(what, watcher);
  }

  /** Whoever left may have been cut off: for a while events are kept as if it still read them. */
  #expect(topics: Topics): void {
    const absent = notReading(topics);
    this.#readers.set(absent, { ...topics, rates: false });
    setTimeout(() => {
      this.#readers.delete(absent);
      this.#follow();
    }, ABSENT_MS).unref();
  }

  #catchUp(topics: Topics, reader: FeedReader, after: number): void {
    const first = this.#kept[0]?.event.id ?? this.#last + 1;
    if (after + 1 < first) reader.take({ id: first - 1, type: "dropped", data: JSON.stringify({ dropped: first - 1 - after }) });
    for (const { topic, event } of this.#kept) if (event.id > after && topics[topic]) reader.take(event);
  }

  #follow(): void {
    const wanted = [...this.#readers.values()];
    if (wanted.length === 0) {
      this.#following?.unsubscribe();
      this.#following = undefined;
    } else this.#following ??= this.#subscribe();
    if (wanted.some(({ rates }) => rates)) this.#timer ??= this.#measure();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #subscribe(): Subscription {
    const { state, log } = this.proxy.inner;
    const all = new Subscription();
    all.add(
      state.hub.lifecycle.subscribe((event) => {
        this.#tellOfProxy(event);
      }),
    );
    all.add(
      state.hub.sessions.subscribe((event) => {
        this.#tellOfSession(event);
      }),
    );
    all.add(
      log?.lines.subscribe((line) => {
        this.#publish("log", "log", JSON.parse(line));
      }),
    );
    return all;
  }

  #measure(): NodeJS.Timeout {
    const rates = new Rates(this.proxy);
    const timer = setInterval(() => {
      this.#publish("rates", "rates", rates.look());
    }, RATES_MS);
    timer.unref();
    return timer;
  }

  #tellOfSession(event: ProxyEvent): void {
    if (![...this.#readers.values()].some(({ sessions }) => sessions)) return;
    if (event.type === "session-started") this.#publish("sessions", event.type, openView(event.session as LiveSession));
    else if (event.type === "session-ended") {
      const { record, error } = event;
      this.#publish("sessions", event.type, { ...endedView(record, []), message: error?.message });
    }
  }

  #tellOfProxy(event: ProxyEvent): void {
    if (event.type === "refused") this.#publish("reloads", event.type, { error: errorOf(event.error) });
    else if (tells.has(event.type)) {
      const { type, ...rest } = event;
      this.#publish("reloads", type, { at: Date.now(), ...rest });
    }
  }

  #publish(topic: Base, type: string, value: unknown): void {
    const event = this.#make(type, value);
    this.#kept.push({ topic, event });
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const [reader, topics] of this.#readers) if (topics[topic]) reader.take(event);
  }

  #make(type: string, value: unknown): FeedEvent {
    this.#last += 1;
    return { id: this.#last, type, data: JSON.stringify(value) };
  }
}

function errorOf({ code, message, where }: SluiceError): object {
  return { code, message, where };
}

/** A reader of its own for each call. */
function notReading(_topics: Topics): FeedReader {
  return { full: false, take: () => undefined, miss: () => undefined };
}
