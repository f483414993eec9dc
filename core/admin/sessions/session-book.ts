import type { Subscription } from "rxjs";
import { SluiceError, Timeline, type ProxyEvent, type SessionRecord } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import { sessionFilter } from "./session-filter.ts";
import {
  endedDetail,
  endedView,
  openDetail,
  openView,
  pluginsOf,
  tlsOf,
  type EndedSession,
  type SessionDetail,
  type SessionView,
} from "./session-view.ts";

/** Ended sessions that are kept. */
const KEPT = 10_000;

/** A part of the sessions, the newest first. */
export interface SessionPage {
  readonly sessions: readonly SessionView[];
  /** What `after` is to be for the next page; undefined: there is none. */
  readonly next: number | undefined;
}

/** The sessions that are open, and the last that have ended. It follows the proxy's events from when it is made. */
export class SessionBook {
  readonly #ended = new Map<number, EndedSession>();
  /** Open ones whose beginning was seen. */
  readonly #seen = new Map<number, LiveSession>();
  readonly #subscription: Subscription;

  constructor(private readonly proxy: Proxy) {
    const { hub } = proxy.inner.state;
    this.#subscription = hub.sessions.subscribe((event) => {
      this.#note(event);
    });
    this.#subscription.add(
      hub.lifecycle.subscribe((event) => {
        this.#note(event);
      }),
    );
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const session of this.#seen.values()) session.timeline = undefined;
    this.#seen.clear();
  }

  /** @throws SLUICE_ADMIN_REQUEST for a filter that cannot be read */
  list(filter: string, limit: number, after: number | undefined): SessionPage {
    const wanted = sessionFilter(filter);
    const open = Array.from(this.#open(), (session) => [session.id, () => openView(session)] as const);
    const ended = Array.from(this.#ended, ([id, { view }]) => [id, () => view] as const);
    const all = [...open, ...ended].filter(([id]) => after === undefined || id < after).toSorted(([a], [b]) => b - a);
    const sessions: SessionView[] = [];
    for (const [, view] of all) {
      const session = view();
      if (!wanted(session)) continue;
      if (sessions.length === limit) return { sessions, next: sessions.at(-1)?.id };
      sessions.push(session);
    }
    return { sessions, next: undefined };
  }

  /** @throws SLUICE_ADMIN_UNKNOWN */
  detail(id: number): SessionDetail {
    const ended = this.#ended.get(id);
    return ended === undefined ? openDetail(this.open(id)) : endedDetail(ended);
  }

  /** @throws SLUICE_ADMIN_UNKNOWN, SLUICE_ADMIN_CONFLICT when it has ended */
  open(id: number): LiveSession {
    for (const session of this.#open()) if (session.id === id) return session;
    if (this.#ended.has(id)) throw new SluiceError("SLUICE_ADMIN_CONFLICT", `session ${id} has ended`);
    throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no session ${id}, or it ended long ago`);
  }

  *#open(): Iterable<LiveSession> {
    yield* this.proxy.inner.state.sessions;
    yield* this.proxy.inner.state.flows;
  }

  #note(event: ProxyEvent): void {
    if (event.type === "session-started") this.#begins(event.session as LiveSession);
    else if (event.type === "session-ended") this.#ends(event);
    else if (event.type === "swapped") (event.session as LiveSession).timeline?.mark("swapped", { generation: event.generation });
    else if (event.type === "plugin-fault") {
      const { session, plugin, error } = event;
      (session as LiveSession | undefined)?.timeline?.mark("fault", { plugin, code: error.code, message: error.detail });
    }
  }

  #begins(session: LiveSession): void {
    session.timeline = new Timeline();
    session.timeline.mark("accepted");
    this.#seen.set(session.id, session);
  }

  #ends({ record, error }: Extract<ProxyEvent, { type: "session-ended" }>): void {
    const session = this.#seen.get(record.session);
    this.#seen.delete(record.session);
    this.#ended.set(record.session, endedSession(record, error, session));
    if (this.#ended.size <= KEPT) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

function endedSession(record: SessionRecord, error: SluiceError | undefined, session: LiveSession | undefined): EndedSession {
  const message = error?.message;
  if (session === undefined) return { view: endedView(record, []), record, message, tls: undefined, timeline: [] };
  session.timeline?.mark("ended", { reason: record.reason, ...(error === undefined ? {} : { message: error.detail }) });
  const timeline = session.timeline?.entries ?? [];
  return { view: endedView(record, pluginsOf(session)), record, message, tls: tlsOf(session.tls), timeline };
}
