import { isIP } from "node:net";
import type { Subscriber } from "rxjs";
import { SluiceError, type Address, type Endpoint, type Upstream, type UpstreamTarget } from "../contract/index.ts";
import type { AddressTurns } from "./address-turns.ts";
import { createBalancer, type Balancer } from "./balancer.ts";
import type { DialContext, Dialer } from "./dialer.ts";
import { LegTrial } from "./leg-trial.ts";
import { NamedAddresses } from "./named-addresses.ts";
import { upstreamError } from "./os-errors.ts";
import { SessionAttempts } from "./session-attempts.ts";
import { dialUdp } from "./udp-upstream-leg.ts";

/** Makes the dialer of a UDP listener's upstream: each leg is a connected socket of its own. */
export function createUdpDialer(target: UpstreamTarget, context: DialContext): Dialer {
  const balancer = createBalancer(target, context);
  return {
    balancer,
    attempts: (resolve = context.resolve) => new UdpAttempts(target.endpoints.length, balancer, { ...context, resolve }),
  };
}

class UdpAttempts extends SessionAttempts {
  constructor(
    endpoints: number,
    balancer: Balancer,
    private readonly context: DialContext,
  ) {
    super(endpoints, balancer);
  }

  /** RxJS's extension point; on the prototype, for the reason given in EachObservable. */
  _subscribe(subscriber: Subscriber<Upstream>): (() => void) | undefined {
    return new UdpAttempt(this.next(), { ...this.context, balancer: this.balancer, made: this }, subscriber).start();
  }
}

interface UdpAttemptContext extends DialContext {
  readonly balancer: Balancer;
  readonly made: SessionAttempts;
}

/** One try at one endpoint: look-up, then a socket, which is open at once. */
class UdpAttempt {
  /** Undefined: the endpoint has no name. */
  #named: NamedAddresses | undefined;
  /** Of a name with several addresses. */
  #turns: AddressTurns | undefined;
  readonly #startedAt = performance.now();

  constructor(
    private readonly endpoint: Endpoint,
    private readonly context: UdpAttemptContext,
    private readonly subscriber: Subscriber<Upstream>,
  ) {}

  /** @returns what leaves the look-up, where there is one */
  start(): (() => void) | undefined {
    const { host } = this.endpoint;
    const family = isIP(host);
    if (family !== 4 && family !== 6) return this.#lookUp(host);
    this.#open({ address: host, family, ttl: 0 });
    return undefined;
  }

  #lookUp(name: string): () => void {
    const { connectTimeout } = this.context;
    const timer = setTimeout(() => {
      const detail = `upstream ${this.endpoint.text}: the look-up of its name took longer than ${connectTimeout} ms`;
      this.#fail(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", detail));
    }, connectTimeout);
    const named = new NamedAddresses(name, this.context);
    this.#named = named;
    const lookup = named.lookUp({
      found: (addresses) => {
        clearTimeout(timer);
        const best = this.#best(addresses);
        if (best === undefined) this.#fail(this.#nameless("its name has no address"));
        else this.#open(best);
      },
      failed: (error) => {
        clearTimeout(timer);
        this.#fail(error ?? this.#nameless("the look-up of its name gave no answer"));
      },
    });
    return () => {
      clearTimeout(timer);
      lookup.unsubscribe();
    };
  }

  #best(addresses: readonly Address[]): Address | undefined {
    if (addresses.length < 2) return addresses[0];
    this.#turns = this.context.balancer.turnsOf(this.endpoint);
    // No handshake shows which family works, so IPv4 goes first, as it does on most networks.
    return this.#turns.order(addresses.toSorted((a, b) => a.family - b.family))[0];
  }

  #open({ address, family }: Address): void {
    const { endpoint, subscriber } = this;
    const { balancer, made, refuse } = this.context;
    const refused = refuse?.(address, endpoint.port);
    if (refused !== undefined) {
      this.#fail(refused);
      return;
    }
    balancer.opened(endpoint);
    const trial = new LegTrial(balancer, endpoint, true);
    const socket = dialUdp(address, family, endpoint.port, (error, leg) => {
      if (error === undefined && !subscriber.closed) {
        socket.on("error", refusedLater);
        made.add(endpoint.text, performance.now() - this.#startedAt, undefined);
        subscriber.next({ endpoint: endpoint.text, leg });
        subscriber.complete();
        return;
      }
      leg.destroy();
      if (error !== undefined) this.#fail(error);
    });
    // ICMP told that nobody is there: what the flow sends next is lost too, but the next flow chooses anew. A flow counts once.
    const refusedLater = (error: Error): void => {
      socket.off("error", refusedLater);
      this.#turns?.missed(address);
      this.#named?.wrong();
      trial.broke(upstreamError(error, endpoint.text));
    };
    socket.once("message", () => {
      this.#turns?.worked(address);
      trial.answered();
    });
    socket.once("close", () => trial.ended());
  }

  #fail(error: unknown): void {
    const { balancer, made } = this.context;
    const failure = upstreamError(error, this.endpoint.text);
    this.#named?.wrong();
    // What the proxy itself is short of, or refuses, is no failure of the endpoint.
    if (failure.source === "upstream") balancer.failed(this.endpoint, failure.code);
    else balancer.penalise(this.endpoint);
    made.add(this.endpoint.text, performance.now() - this.#startedAt, failure.code);
    this.subscriber.error(failure);
  }

  #nameless(reason: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `upstream ${this.endpoint.text}: ${reason}`);
  }
}
