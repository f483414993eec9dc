import { isIP } from "node:net";
import { defer, Observable, take, type Subscriber, type TeardownLogic } from "rxjs";
import type { Address, Endpoint, Upstream } from "../../contract/index.ts";

/** Milliseconds between two look-ups of an endpoint's name while the endpoint is used. */
const LOOK_AGAIN = 1_000;

interface KnownAttempt {
  readonly attempt: Observable<Upstream>;
  /** Addresses that the endpoint's name had at the last look-up. Kept connections may go to any of them. */
  addresses: readonly string[] | undefined;
  lookedAt: number;
}

/**
 * Attempts at endpoints, for callers that keep connections under the attempt that opened them. An attempt stays the same object while the endpoint's
 * name keeps its addresses. When one of those is gone, there is a new attempt, so that no kept connection goes on to a server that has moved.
 */
export class EndpointAttempts {
  readonly #known = new Map<Endpoint, KnownAttempt>();

  constructor(
    private readonly resolve: (name: string) => Observable<Address[]>,
    private readonly dial: (endpoint: Endpoint, subscriber: Subscriber<Upstream>) => TeardownLogic,
    private readonly now = (): number => performance.now(),
  ) {}

  to(endpoint: Endpoint): Observable<Upstream> {
    const known = this.#known.get(endpoint);
    if (known !== undefined && this.now() - known.lookedAt < LOOK_AGAIN) return known.attempt;
    const entry = known ?? this.#make(endpoint);
    this.#look(endpoint, entry);
    return (this.#known.get(endpoint) ?? this.#make(endpoint)).attempt;
  }

  #make(endpoint: Endpoint): KnownAttempt {
    const attempt = new Observable<Upstream>((subscriber) => this.dial(endpoint, subscriber));
    const entry: KnownAttempt = { attempt, addresses: undefined, lookedAt: this.now() };
    this.#known.set(endpoint, entry);
    return entry;
  }

  /** Looks the name up. A remembered answer is enough: no name server is asked during its time to live. */
  #look(endpoint: Endpoint, entry: KnownAttempt): void {
    entry.lookedAt = this.now();
    if (endpoint.path !== undefined || isIP(endpoint.host) !== 0) return;
    defer(() => this.resolve(endpoint.host))
      .pipe(take(1))
      .subscribe({
        next: (found) => {
          const addresses = found.map(({ address }) => address);
          if (addresses.length === 0) return;
          const isGone = entry.addresses?.some((address) => !addresses.includes(address)) === true;
          if (isGone && this.#known.get(endpoint) === entry) this.#known.delete(endpoint);
          entry.addresses = addresses;
        },
        // A failing name server does not mean that the endpoint has moved.
        error: () => undefined,
      });
  }
}
