import { Observable } from "rxjs";
import type { ProxyEvent } from "../../../contract/index.ts";
import { EventHub } from "../../../runtime/state/event-hub.ts";
import { unpackEvent, type PackedEvent } from "../../wire/packed-event.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

const ofSessions = new Set<ProxyEvent["type"]>(["session-started", "session-ended", "session-refused"]);
/** Events that the first process announces itself, for all. */
const own = new Set<ProxyEvent["type"]>(["listening", "unlistening", "reloaded", "refused", "trial", "taken-back", "closed"]);
/** Warnings that are remembered, so that each is given once. */
const MOST_WARNINGS = 1_000;

/** The addresses of listeners, by name. */
type Places = Readonly<Record<string, { readonly name: string; readonly url: string }>>;

/** The events of all workers together, as of one proxy. */
export class WorkerEvents {
  readonly hub = new EventHub();
  /** Events of sessions. Workers send them only while somebody listens. */
  readonly sessions: Observable<ProxyEvent>;
  readonly #warned = new Set<string>();
  #listeners = 0;

  constructor(private readonly workers: () => readonly WorkerProcess[]) {
    this.sessions = new Observable((subscriber) => {
      this.#listeners += 1;
      if (this.#listeners === 1) for (const worker of this.workers()) this.greet(worker);
      const following = this.hub.sessions.subscribe(subscriber);
      return () => {
        following.unsubscribe();
        this.#listeners -= 1;
        if (this.#listeners === 0) for (const worker of this.workers()) worker.channel.tell("tellOfSessions", false);
      };
    });
  }

  /** A worker has begun to serve. */
  greet(worker: WorkerProcess): void {
    if (this.#listeners > 0) worker.channel.tell("tellOfSessions", true);
  }

  take(packed: PackedEvent): void {
    const event = unpackEvent(packed);
    if (ofSessions.has(event.type)) this.hub.sessions.next(event);
    else if (event.type === "warning") this.warn(event.listener, event.message);
    else if (!own.has(event.type)) this.hub.lifecycle.next(event);
  }

  /** Listeners have come, gone, or moved. */
  tellOfListeners(before: Places, now: Places): void {
    for (const { name, url } of Object.values(before))
      if (now[name]?.url !== url) this.hub.lifecycle.next({ type: "unlistening", listener: name, url });
    for (const { name, url } of Object.values(now))
      if (before[name]?.url !== url) this.hub.lifecycle.next({ type: "listening", listener: name, url });
  }

  /** Warns once per listener and message. */
  warn(listener: string | undefined, message: string): void {
    const key = `${listener ?? ""} ${message}`;
    if (this.#warned.has(key) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(key);
    this.hub.lifecycle.next({ type: "warning", listener, message });
  }
}
