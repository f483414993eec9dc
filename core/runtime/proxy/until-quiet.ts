import type { Observable } from "rxjs";
import type { ProxyEvent, ResolvedShutdown } from "../../contract/index.ts";

/**
 * Resolves once no connection (or new UDP flow) came for `quiet` milliseconds, after `delay` at the latest.
 *
 * Load balancers that look whether a port is open connect and leave again without a byte: such a session does not count once it has ended.
 * Those that ask `/readyz` come to the admin server, and are no sessions.
 *
 * @param events of the proxy's sessions
 */
export function untilQuiet(events: Observable<ProxyEvent>, { delay, quiet }: ResolvedShutdown): Promise<void> {
  if (delay === 0) return Promise.resolve();
  const began = performance.now();
  const arrivals = new Arrivals(began);
  return new Promise((resolve) => {
    const following = events.subscribe({
      next: (event) => {
        arrivals.see(event, performance.now());
      },
      // The proxy was closed by somebody else.
      complete: () => {
        done();
      },
    });
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      following.unsubscribe();
      resolve();
    };
    const look = (): void => {
      const now = performance.now();
      const left = Math.min(began + delay, arrivals.last + quiet) - now;
      if (left <= 0) done();
      else timer = setTimeout(look, Math.ceil(left));
    };
    look();
  });
}

/** When the last one came who was no probe, as far as can be told yet. */
class Arrivals {
  /** Of sessions that are open, by id; in the order in which they came. */
  readonly #open = new Map<number, number>();
  /** Of those that have ended. */
  #ended: number;

  constructor(began: number) {
    this.#ended = began;
  }

  get last(): number {
    return Math.max(this.#ended, ...[...this.#open.values()].slice(-1));
  }

  see(event: ProxyEvent, now: number): void {
    if (event.type === "session-started") this.#open.set(event.session.id, now);
    else if (event.type === "session-refused") this.#ended = now;
    else if (event.type === "session-ended") {
      const { session, fromClient } = event.record;
      const came = this.#open.get(session);
      this.#open.delete(session);
      if (came !== undefined && fromClient.bytes > 0) this.#ended = Math.max(this.#ended, came);
    }
  }
}
