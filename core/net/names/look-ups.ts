import { LRUCache } from "lru-cache";
import { defer, finalize, ReplaySubject, share, take, tap, type Observable } from "rxjs";
import type { Address } from "../../contract/index.ts";

/** Names with a wrong answer that are remembered; the one unused longest is forgotten. */
const MAX_NAMES = 1_000;

const connector = (): ReplaySubject<Address[]> => new ReplaySubject(1);

/** One look-up. @param fresh ignore all remembered answers for the name */
type Ask = (name: string, fresh: boolean) => Observable<Address[]>;

interface Doubt {
  /** The next look-up will be a fresh one. */
  open: boolean;
  /** When the last fresh look-up began, on the clock of `performance.now()`. */
  askedAt: number;
  /** The fresh look-up that is under way. */
  asking: Observable<Address[]> | undefined;
}

/**
 * The look-ups of a listener. When no server answers at an address, the answer for its name is doubted: the next look-up of the name ignores what the
 * resolver and plugins remember, and everyone who asks meanwhile shares it. So after a server has moved, one query finds it, and nobody waits for the
 * time to live to end.
 */
export class LookUps {
  readonly #doubts = new LRUCache<string, Doubt>({ max: MAX_NAMES });

  #seen: string;

  /**
   * @param fresh doubt every name from the start, to ignore everything that was remembered before
   * @param version what the answers depend on, such as resolv.conf: when it has changed (a VPN, another network), every name is doubted
   */
  constructor(
    private readonly ask: Ask,
    private fresh = false,
    private readonly version: () => string = () => "",
  ) {
    this.#seen = version();
  }

  resolve(name: string): Observable<Address[]> {
    return defer(() => {
      this.#follow();
      const doubt = this.#doubts.get(name) ?? (this.fresh ? this.#doubt(name) : undefined);
      if (doubt === undefined) return this.ask(name, false);
      if (doubt.asking !== undefined) return doubt.asking;
      return doubt.open ? this.#askAnew(name, doubt) : this.ask(name, false);
    });
  }

  /**
   * The addresses of a name did not work. Does nothing if a fresh look-up has begun since they were given.
   * @param since when the addresses were given, on the clock of `performance.now()`
   */
  wrong(name: string, since: number): void {
    const doubt = this.#doubts.get(name) ?? this.#doubt(name);
    if (doubt.askedAt <= since) doubt.open = true;
  }

  #follow(): void {
    const version = this.version();
    if (version === this.#seen) return;
    this.#seen = version;
    this.fresh = true;
    this.#doubts.clear();
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
        // All askers left before there was an answer.
        if (!said) doubt.open = true;
      }),
      share({ connector, resetOnComplete: false, resetOnError: false }),
    );
    return doubt.asking;
  }
}
