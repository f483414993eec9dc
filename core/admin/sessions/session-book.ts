import type { Subscription } from "rxjs";
import { SluiceError, type ProxyEvent, type SessionRecord } from "../../contract/index.ts";
import { Slices } from "../../contract/slices.ts";
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
/** Sessions that are looked at between two checks of the time. */
const EACH = 32;

/** A part of the sessions, the newest first. */
export interface SessionPage {
  readonly sessions: readonly SessionView[];
  /** The `after` of the next page; undefined: this is the last page. */
  readonly next: number | undefined;
}

/** The open sessions, and those that have ended last. It follows the proxy's events from the moment it is made. */
export class SessionBook {
  readonly #open = new Map<number, LiveSession>();
  readonly #ended = new Map<number, EndedSession>();
  /**
   * Ids of ended sessions; a new one replaces the oldest. The ring finds the oldest: the first key of a Map gets slower to read with each key that
   * was deleted before it.
   */
  readonly #ring: number[] = [];
  #place = 0;
  /** Ids of open and ended sessions in rising order, with some forgotten ones among them. The array is replaced, or ids are added at its end. */
  #order: number[];
  readonly #subscription: Subscription;

  constructor({ inner: { state } }: Proxy) {
    const { hub, sessions, flows } = state;
    for (const session of [...sessions, ...flows].toSorted((a, b) => a.id - b.id)) this.#open.set(session.id, session);
    this.#order = [...this.#open.keys()];
    this.#subscription = hub.sessions.subscribe((event) => {
      this.#note(event);
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const session of this.#open.values()) session.dropTimeline();
    this.#open.clear();
  }

  /**
   * Lists sessions that pass a filter. It works in slices, so that a filter that few sessions pass does not block others.
   *
   * @param before only sessions that began before this time (epoch milliseconds), and those of the same millisecond whose id is below `after`:
   *   the place of a session of another worker, whose ids say nothing about the order here
   * @throws SLUICE_ADMIN_REQUEST for a filter that cannot be read
   */
  async list(filter: string, limit: number, after: number | undefined, before?: number): Promise<SessionPage> {
    const wanted = sessionFilter(filter);
    const order = this.#order;
    const slices = new Slices();
    const sessions: SessionView[] = [];
    for (let at = lastBelow(order, before === undefined ? after : undefined); at >= 0; at -= 1) {
      // oxlint-disable-next-line no-await-in-loop -- one slice after the other
      if (at % EACH === 0) await slices.step();
      const session = this.#viewOf(order[at]);
      if (session === undefined || !isBefore(session, before, after) || !wanted(session)) continue;
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

  /** @throws SLUICE_ADMIN_UNKNOWN, SLUICE_ADMIN_CONFLICT if it has ended */
  open(id: number): LiveSession {
    const session = this.#open.get(id);
    if (session !== undefined) return session;
    if (this.#ended.has(id)) throw new SluiceError("SLUICE_ADMIN_CONFLICT", `session ${id} has ended`);
    throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no session ${id}, or it ended long ago`);
  }

  #viewOf(id = 0): SessionView | undefined {
    const session = this.#open.get(id);
    return session === undefined ? this.#ended.get(id)?.view : openView(session);
  }

  #note(event: ProxyEvent): void {
    if (event.type === "session-started") this.#begins(event.session as LiveSession);
    else if (event.type === "session-ended") this.#ends(event);
  }

  #begins(session: LiveSession): void {
    session.keepTimeline();
    this.#open.set(session.id, session);
    this.#order.push(session.id);
  }

  #ends({ record, error }: Extract<ProxyEvent, { type: "session-ended" }>): void {
    const { session: id } = record;
    this.#ended.set(id, endedSession(record, error, this.#open.get(id)));
    this.#open.delete(id);
    const oldest = this.#ring[this.#place];
    this.#ring[this.#place] = id;
    this.#place = (this.#place + 1) % KEPT;
    if (oldest === undefined) return;
    this.#ended.delete(oldest);
    if (this.#order.length > 2 * (this.#open.size + KEPT))
      this.#order = this.#order.filter((each) => this.#open.has(each) || this.#ended.has(each));
  }
}

function isBefore({ startedAt, id }: SessionView, before = Infinity, after = 0): boolean {
  return startedAt < before || (startedAt === before && id < after);
}

/** The index of the last id that is lower than a given one. */
function lastBelow(order: readonly number[], id: number | undefined): number {
  if (id === undefined) return order.length - 1;
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle] ?? Infinity) < id) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function endedSession(record: SessionRecord, error: SluiceError | undefined, session: LiveSession | undefined): EndedSession {
  const message = error?.message;
  if (session === undefined) return { view: endedView(record, []), record, message, tls: undefined, timeline: [] };
  const timeline = session.timeline?.entries ?? [];
  return { view: endedView(record, pluginsOf(session), session.startedAt), record, message, tls: tlsOf(session.tls), timeline };
}
