import type { LiveSession } from "./live-session.ts";

/**
 * The open sessions. An array and not a Set: a Set that sessions come into and go from keeps its outgrown tables linked to one another,
 * and in V8 such a chain of dead old tables carries every session into the old generation (measured: garbage collection per
 * connection 3 to 5 times that of a bare pipe).
 */
export class SessionSet implements Iterable<LiveSession> {
  readonly #sessions: LiveSession[] = [];
  /** Told when one has gone. */
  onLeft: (() => void) | undefined;

  get size(): number {
    return this.#sessions.length;
  }

  add(session: LiveSession): void {
    session.slot = this.#sessions.push(session) - 1;
  }

  /** Puts the last one in its place. */
  delete(session: LiveSession): void {
    const { slot } = session;
    session.slot = -1;
    this.onLeft?.();
    const last = this.#sessions.pop();
    if (last === undefined || last === session) return;
    this.#sessions[slot] = last;
    last.slot = slot;
  }

  /** Those open now: ending them while going through is allowed. */
  [Symbol.iterator](): Iterator<LiveSession> {
    return this.#sessions.slice()[Symbol.iterator]();
  }
}
