import { defer, take, timeout, type Observable, type Subscription } from "rxjs";
import type { Address } from "../../contract/index.ts";

/**
 * Milliseconds that a failed attempt waits for newer addresses of its name. Short, so that a name server that does not answer does not delay every
 * failure.
 */
const NEWER_PATIENCE = 1_000;

export interface NamedAddressesContext {
  readonly resolve: (name: string) => Observable<Address[]>;
  /**
   * Called when no address of a name could be connected to: the next look-up must ignore remembered answers.
   * @param since when the addresses were given, on the clock of `performance.now()`
   */
  readonly wrong?: ((name: string, since: number) => void) | undefined;
}

/** Is told once how a look-up ended. */
export interface LookUpEnd {
  found(addresses: readonly Address[]): void;
  /** @param error undefined: the look-up ended without an answer */
  failed(error: unknown): void;
}

/** The addresses of an upstream's name for one attempt to connect: first the known ones, then newer ones if those do not work. */
export class NamedAddresses {
  readonly #tried = new Set<string>();
  /** When the last addresses were given. */
  #since: number | undefined;

  constructor(
    private readonly name: string,
    private readonly context: NamedAddressesContext,
  ) {}

  /** Looks the name up. Unsubscribing ends the look-up. */
  lookUp(told: LookUpEnd): Subscription {
    // `defer`: a hook that throws while it is set up fails the attempt like one that throws later.
    return this.#ask(
      defer(() => this.context.resolve(this.name)),
      told,
    );
  }

  /** None of the addresses worked. */
  wrong(): void {
    if (this.#since !== undefined) this.context.wrong?.(this.name, this.#since);
  }

  /** Looks the name up again after {@link wrong}. Finds only addresses that this attempt has not had. */
  lookUpNewer(told: LookUpEnd): Subscription {
    const newer = defer(() => this.context.resolve(this.name)).pipe(timeout({ first: NEWER_PATIENCE }));
    return this.#ask(newer, told);
  }

  #ask(answer: Observable<Address[]>, told: LookUpEnd): Subscription {
    let answered = false;
    return answer.pipe(take(1)).subscribe({
      next: (addresses) => {
        answered = true;
        this.#since = performance.now();
        const fresh = addresses.filter(({ address }) => !this.#tried.has(address));
        for (const { address } of fresh) this.#tried.add(address);
        told.found(fresh);
      },
      error: (error: unknown) => {
        told.failed(error);
      },
      complete: () => {
        if (!answered) told.failed(undefined);
      },
    });
  }
}
