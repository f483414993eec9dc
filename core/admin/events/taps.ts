import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import { tapSession, type ChunkEvent } from "./session-tap.ts";

/** Sessions that are watched at once. */
const MOST = 256;

interface Tapped {
  readonly stop: () => void;
  readonly readers: Set<(event: ChunkEvent) => void>;
}

/** Sessions that somebody watches: each is tapped once, however many watch it. */
export class Taps {
  readonly #tapped = new Map<LiveSession, Tapped>();

  constructor(private readonly proxy: Proxy) {}

  /**
   * Watches a session, all of a listener, or all, those to come too.
   *
   * @param what the id of a session, the name of a listener, or `*`
   * @returns how to stop
   */
  watch(what: string, tell: (event: ChunkEvent) => void): () => void {
    const { sessions, flows, hub } = this.proxy.inner.state;
    const isWanted = ({ id, listener }: LiveSession): boolean =>
      what === "*" || (/^\d+$/.test(what) ? id === Number(what) : listener === what);
    for (const session of [...sessions, ...flows]) if (isWanted(session)) this.#add(session, tell);
    const following = hub.sessions.subscribe((event) => {
      if (event.type === "session-started" && isWanted(event.session as LiveSession)) this.#add(event.session as LiveSession, tell);
      else if (event.type === "session-ended") this.#forget(event.record.session);
    });
    return () => {
      following.unsubscribe();
      for (const session of this.#tapped.keys()) this.#remove(session, tell);
    };
  }

  #add(session: LiveSession, tell: (event: ChunkEvent) => void): void {
    const known = this.#tapped.get(session);
    if (known !== undefined) {
      known.readers.add(tell);
      return;
    }
    if (this.#tapped.size >= MOST) return;
    const readers = new Set([tell]);
    const stop = tapSession(session, (event) => {
      for (const reader of readers) reader(event);
    });
    this.#tapped.set(session, { stop, readers });
  }

  #remove(session: LiveSession, tell: (event: ChunkEvent) => void): void {
    const tapped = this.#tapped.get(session);
    if (tapped === undefined || !tapped.readers.delete(tell) || tapped.readers.size > 0) return;
    this.#tapped.delete(session);
    tapped.stop();
  }

  #forget(id: number): void {
    for (const session of this.#tapped.keys()) if (session.id === id) this.#tapped.delete(session);
  }
}
