import type { Observable } from "rxjs";
import type { ProxyEvent, ResolvedShutdown } from "../../contract/index.ts";

/**
 * Resolves when no connection (or new UDP flow) has come for `quiet` milliseconds, after `delay` milliseconds at the latest.
 *
 * A load balancer that checks whether a port is open connects and leaves without a byte: such a session no longer counts when it has ended. Checks of
 * `/readyz` come to the admin server, and are not sessions.
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
      // The proxy was closed meanwhile.
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

/** The time at which the last session came that is not known to be a probe. */
class Arrivals {
  /** Arrival times of open sessions, by id, in the order of arrival. */
  readonly #open = new Map<number, number>();
  /** The last arrival time among ended sessions that were not probes. */
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
