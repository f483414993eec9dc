import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import { tapSession, type ChunkEvent, type ChunkWatcher } from "./session-tap.ts";

/** Sessions that may be watched at the same time. */
const MOST = 256;

interface Tapped {
  readonly stop: () => void;
  readonly watchers: Watchers;
}

/** All watchers of one session, as one watcher. */
class Watchers extends Set<ChunkWatcher> implements ChunkWatcher {
  get full(): boolean {
    for (const each of this) if (!each.full) return false;
    return true;
  }

  show(chunk: ChunkEvent): void {
    for (const each of this) {
      if (each.full) each.miss();
      else each.show(chunk);
    }
  }

  miss(): void {
    for (const each of this) each.miss();
  }
}

/** The watched sessions. Each is tapped once, no matter how many watch it. */
export class Taps {
  readonly #tapped = new Map<LiveSession, Tapped>();

  constructor(private readonly proxy: Proxy) {}

  /**
   * Watches one session, all sessions of a listener, or all sessions, including later ones.
   *
   * @param what the id of a session, the name of a listener, or `*`
   * @returns a function that stops it
   */
  watch(what: string, watcher: ChunkWatcher): () => void {
    const { sessions, flows, hub } = this.proxy.inner.state;
    const isWanted = ({ id, listener }: LiveSession): boolean =>
      what === "*" || (/^\d+$/.test(what) ? id === Number(what) : listener === what);
    for (const session of [...sessions, ...flows]) if (isWanted(session)) this.#add(session, watcher);
    const following = hub.sessions.subscribe((event) => {
      if (event.type === "session-started" && isWanted(event.session as LiveSession)) this.#add(event.session as LiveSession, watcher);
      else if (event.type === "session-ended") this.#forget(event.record.session);
    });
    return () => {
      following.unsubscribe();
      for (const session of this.#tapped.keys()) this.#remove(session, watcher);
    };
  }

  #add(session: LiveSession, watcher: ChunkWatcher): void {
    const known = this.#tapped.get(session);
    if (known !== undefined) {
      known.watchers.add(watcher);
      return;
    }
    if (this.#tapped.size >= MOST) return;
    const watchers = new Watchers([watcher]);
    this.#tapped.set(session, { stop: tapSession(session, watchers), watchers });
  }

  #remove(session: LiveSession, watcher: ChunkWatcher): void {
    const tapped = this.#tapped.get(session);
    if (tapped === undefined || !tapped.watchers.delete(watcher) || tapped.watchers.size > 0) return;
    this.#tapped.delete(session);
    tapped.stop();
  }

  #forget(id: number): void {
    for (const session of this.#tapped.keys()) if (session.id === id) this.#tapped.delete(session);
  }
}
