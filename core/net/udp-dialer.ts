import { isIP } from "node:net";
import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type Address, type Endpoint, type Upstream, type UpstreamTarget } from "../contract/index.ts";
import type { AddressTurns } from "./address-turns.ts";
import { createBalancer, type Balancer } from "./balancer.ts";
import type { DialContext, Dialer } from "./dialer.ts";
import { NamedAddresses } from "./named-addresses.ts";
import { upstreamError } from "./os-errors.ts";
import { dialUdp } from "./udp-upstream-leg.ts";

/** Makes the dialer of a UDP listener's upstream: each leg is a connected socket of its own. */
export function createUdpDialer(target: UpstreamTarget, context: DialContext): Dialer {
  const balancer = createBalancer(target, context);
  return {
    balancer,
    attempts(resolve = context.resolve) {
      const own = { ...context, resolve };
      const tried = new Set<Endpoint>();
      return new Observable<Upstream>((subscriber) => {
        const endpoint = balancer.next(tried);
        tried.add(endpoint);
        if (tried.size === target.endpoints.length) tried.clear();
        return new UdpAttempt(endpoint, own, balancer, subscriber).start();
      });
    },
  };
}

/** One try at one endpoint: look-up, then a socket, which is open at once. */
class UdpAttempt {
  /** Undefined: the endpoint has no name. */
  #named: NamedAddresses | undefined;
  /** Of a name with several addresses. */
  #turns: AddressTurns | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly context: DialContext,
    private readonly balancer: Balancer,
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
    this.#turns = this.balancer.turnsOf(this.endpoint);
    // No handshake shows which family works, so IPv4 goes first, as it does on most networks.
    return this.#turns.order(addresses.toSorted((a, b) => a.family - b.family))[0];
  }

  #open({ address, family }: Address): void {
    const { endpoint, balancer, subscriber } = this;
    const refused = this.context.refuse?.(address, endpoint.port);
    if (refused !== undefined) {
      this.#fail(refused);
      return;
    }
    let isOpen = false;
    const socket = dialUdp(address, family, endpoint.port, (error, leg) => {
      if (error === undefined && !subscriber.closed) {
        isOpen = true;
        subscriber.next({ endpoint: endpoint.text, leg });
        subscriber.complete();
        return;
      }
      leg.destroy();
      if (error !== undefined) this.#fail(error);
    });
    socket.once("message", () => this.#turns?.worked(address));
    // ICMP told that nobody is there: what the flow sends next is lost too, but the next flow chooses anew.
    const refusedLater = (): void => {
      if (!isOpen) return;
      socket.off("error", refusedLater);
      this.#turns?.missed(address);
      this.#named?.wrong();
      balancer.failed(endpoint);
    };
    socket.on("error", refusedLater);
    if (!balancer.counts) return;
    balancer.opened(endpoint);
    socket.once("close", () => {
      balancer.closed(endpoint);
    });
  }

  #fail(error: unknown): void {
    this.#named?.wrong();
    this.balancer.failed(this.endpoint);
    this.subscriber.error(upstreamError(error, this.endpoint.text));
  }

  #nameless(reason: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `upstream ${this.endpoint.text}: ${reason}`);
  }
}
