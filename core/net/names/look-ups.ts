import { LRUCache } from "lru-cache";
import { defer, finalize, ReplaySubject, share, take, tap, type Observable } from "rxjs";
import type { Address } from "../../contract/index.ts";

/** So many names are remembered whose answer proved wrong; the one unused longest is forgotten. */
const MAX_NAMES = 1_000;

const connector = (): ReplaySubject<Address[]> => new ReplaySubject(1);

/** One look-up. @param fresh what anybody remembers of the name is not to be used */
type Ask = (name: string, fresh: boolean) => Observable<Address[]>;

interface Doubt {
  /** The next look-up is a fresh one. */
  open: boolean;
  /** When the last fresh look-up began, on the clock of `performance.now()`. */
  askedAt: number;
  /** The fresh look-up that is under way. */
  asking: Observable<Address[]> | undefined;
}

/**
 * The look-ups of a listener. An address that nobody answers at is doubted: the next look-up of its name uses nothing that is remembered,
 * neither by the resolver nor by a plugin, and all who ask meanwhile share it. So a server that has moved costs one query, and not its
 * time to live.
 */
export class LookUps {
  readonly #doubts = new LRUCache<string, Doubt>({ max: MAX_NAMES });

  /** @param fresh every name is doubted from the start: what was remembered before is to be forgotten */
  constructor(
    private readonly ask: Ask,
    private readonly fresh = false,
  ) {}

  resolve(name: string): Observable<Address[]> {
    return defer(() => {
      const doubt = this.#doubts.get(name) ?? (this.fresh ? this.#doubt(name) : undefined);
      if (doubt === undefined) return this.ask(name, false);
      if (doubt.asking !== undefined) return doubt.asking;
      return doubt.open ? this.#askAnew(name, doubt) : this.ask(name, false);
    });
  }

  /**
   * The addresses of a name did not work. Once a fresh look-up has begun since they were given, that is no news.
   * @param since when they were given, on the clock of `performance.now()`
   */
  wrong(name: string, since: number): void {
    const doubt = this.#doubts.get(name) ?? this.#doubt(name);
    if (doubt.askedAt <= since) doubt.open = true;
  }

  #doubt(name: string): Doubt {
    const doubt: Doubt = { open: true, askedAt: Number.NEGATIVE_INFINITY, asking: undefined };
    this.#doubts.set(name, doubt);
    return doubt;
  }

  #askAnew(name: string, doubt: Doubt): Observable<Address[]> {
    doubt.open = false;
    doubt.askedAt = performance.now();
    let said = false;
    const saying = (): void => {
      said = true;
    };
    doubt.asking = this.ask(name, true).pipe(
      take(1),
      tap({ next: saying, error: saying, complete: saying }),
      finalize(() => {
        doubt.asking = undefined;
        // Everybody left before there was an answer.
        if (!said) doubt.open = true;
      }),
      share({ connector, resetOnComplete: false, resetOnError: false }),
    );
    return doubt.asking;
  }
}
