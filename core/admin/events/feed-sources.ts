import { filter, map, Observable } from "rxjs";
import type { ProxyEvent } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import type { EventData } from "../schemas/schemas.ts";
import { endedView, openView } from "../sessions/session-view.ts";
import { Rates, type ProxyRates } from "./rates.ts";
import type { ChunkWatcher } from "./session-tap.ts";
import { Taps } from "./taps.ts";

/** Milliseconds between two measurements of the rates. */
export const RATES_MS = 1_000;

/** An event of a session. */
export interface SessionTold {
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** The source of a {@link Feed}'s events: a proxy in this process, or several processes that act as one. */
export interface FeedSources {
  readonly lifecycle: Observable<ProxyEvent>;
  /** Sessions that begin and end. While it has subscribers, each session costs a little more. */
  readonly sessions: Observable<SessionTold>;
  /** JSON. */
  readonly log: Observable<string> | undefined;
  readonly rates: Observable<ProxyRates>;
  /** The same as {@link Taps.watch}. @returns a function that stops it */
  tap(what: string, watcher: ChunkWatcher): () => void;
}

/** The sources of a proxy in this process. */
export function sourcesOf(proxy: Proxy): FeedSources {
  const { state, log } = proxy.inner;
  const taps = new Taps(proxy);
  return {
    lifecycle: state.hub.lifecycle,
    sessions: state.hub.sessions.pipe(
      map(toldOf),
      filter((told) => told !== undefined),
    ),
    log: log?.lines,
    rates: new Observable((subscriber) => {
      const rates = new Rates(proxy);
      const timer = setInterval(() => {
        subscriber.next(rates.look());
      }, RATES_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
      };
    }),
    tap: (what, watcher) => taps.watch(what, watcher),
  };
}

function toldOf(event: ProxyEvent): SessionTold | undefined {
  const { type } = event;
  if (type === "session-started") return eventOf(type, openView(event.session as LiveSession));
  if (type !== "session-ended") return undefined;
  const { record, error } = event;
  return eventOf(type, { ...endedView(record, []), message: error?.message });
}

function eventOf<Type extends keyof EventData>(type: Type, data: EventData[Type]): SessionTold {
  return { type, data: JSON.stringify(data) };
}
