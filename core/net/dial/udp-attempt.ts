import { isIP } from "node:net";
import type { Subscriber } from "rxjs";
import {
  SluiceError,
  type Address,
  type Endpoint,
  type ProxyProtocolVersion,
  type SessionAttempt,
  type SessionFacts,
} from "../../contract/index.ts";
import type { AddressTurns } from "../balance/address-turns.ts";
import type { Balancer } from "../balance/balancer.ts";
import type { DialContext } from "./dialer.ts";
import type { PathOwner, UdpPath } from "../legs/lasting-udp-leg.ts";
import { LegTrial } from "../legs/leg-trial.ts";
import { NamedAddresses } from "../names/named-addresses.ts";
import { proxyHeader } from "./proxy-header.ts";
import { upstreamError } from "../os-errors.ts";
import type { SessionAttempts } from "../balance/session-attempts.ts";
import { defaultBuffers } from "../node/udp-socket.ts";
import { dialUdp, type UdpUpstreamLeg, type UdpWatcher } from "../legs/udp-upstream-leg.ts";

/** Milliseconds for which the address of a name is used at least, before the name is looked up again. */
const LOOK_AGAIN = 1_000;

export interface UdpAttemptContext extends DialContext {
  readonly bind: string | undefined;
  readonly proxyProtocol: ProxyProtocolVersion | undefined;
  /** The session, for attempts that no `SessionAttempts` makes. */
  readonly session?: SessionFacts | undefined;
  readonly balancer: Balancer;
  /** Undefined: the caller that chose the endpoint reports how the leg did. */
  readonly made: SessionAttempts | undefined;
}

/** One try at one endpoint: look-up, then a socket, which is open at once. After that, the path to the endpoint. */
export class UdpAttempt implements UdpWatcher, UdpPath {
  owner: PathOwner | undefined;
  staleAt = Infinity;
  #leg: UdpUpstreamLeg | undefined;
  readonly #trial: LegTrial;
  #address = "";
  #isRefused = false;
  /** Undefined: the endpoint has no name. */
  #named: NamedAddresses | undefined;
  /** Set if the endpoint's name has several addresses. */
  #turns: AddressTurns | undefined;
  readonly #startedAt = performance.now();

  constructor(
    readonly endpoint: Endpoint,
    private readonly context: UdpAttemptContext,
    /** Undefined once the path is open, which may be as long as the session: nothing of its opening is to stay. */
    private subscriber: Subscriber<UdpPath> | undefined,
  ) {
    this.#trial = new LegTrial(context.balancer, endpoint, context.made !== undefined);
  }

  get leg(): UdpUpstreamLeg {
    if (this.#leg === undefined) throw new TypeError("the way is not open yet");
    return this.#leg;
  }

  /** @returns a function that ends the look-up, if there is one */
  start(): (() => void) | undefined {
    const { host } = this.endpoint;
    this.context.balancer.opened(this.endpoint);
    const family = isIP(host);
    if (family !== 4 && family !== 6) return this.#lookUp(host);
    this.#open({ address: host, family, ttl: 0 });
    return undefined;
  }

  dialled(leg: UdpUpstreamLeg): void {
    const { subscriber } = this;
    if (subscriber?.closed !== false) {
      leg.destroy();
      return;
    }
    this.subscriber = undefined;
    this.#record(undefined);
    this.#leg = leg;
    this.#trial.holds(leg);
    subscriber.next(this);
    subscriber.complete();
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  heard(): void {
    this.#turns?.worked(this.#address);
    this.#trial.answered();
  }

  /** A refusal. The balancer counts it once per flow, but the flow may choose another path each time. */
  refused(): void {
    const { text } = this.endpoint;
    if (!this.#isRefused) {
      this.#isRefused = true;
      this.#turns?.missed(this.#address);
      this.#named?.wrong();
      this.context.balancer.penalise(this.endpoint);
      this.#trial.broke(new SluiceError("SLUICE_UPSTREAM_REFUSED", `upstream ${text}: nobody listens there (ICMP)`));
    }
    this.owner?.pathRefused(this);
  }

  released(): void {
    this.#trial.ended();
  }

  lookAgain(moved: () => void): void {
    this.staleAt = performance.now() + LOOK_AGAIN;
    new NamedAddresses(this.endpoint.host, this.context).lookUp({
      found: (addresses) => {
        const same = addresses.find(({ address }) => address === this.#address);
        if (same !== undefined) this.#staleIn(same.ttl);
        else if (addresses.length > 0) moved();
      },
      // The address that worked until now may go on working.
      failed: () => undefined,
    });
  }

  #staleIn(seconds: number): void {
    this.staleAt = performance.now() + Math.max(LOOK_AGAIN, seconds * 1_000);
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
      // Also called when the leg is open: then it ends with the leg.
      if (this.#address === "") this.#trial.ended();
    };
  }

  #best(all: readonly Address[]): Address | undefined {
    const { bind } = this.context;
    const addresses = bind === undefined ? all : all.filter(({ address }) => isIP(address) === isIP(bind));
    if (addresses.length < 2) return addresses[0];
    this.#turns = this.context.balancer.turnsOf(this.endpoint);
    // UDP has no handshake that shows which family works, so IPv4 comes first: it works on most networks.
    return this.#turns.order(addresses.toSorted((a, b) => a.family - b.family))[0];
  }

  #open({ address, family, ttl }: Address): void {
    const { endpoint } = this;
    const { made, refuse, buffers = defaultBuffers } = this.context;
    const refused = refuse?.(address, endpoint.port);
    if (refused !== undefined) {
      this.#fail(refused);
      return;
    }
    this.#address = address;
    if (this.#named !== undefined) this.#staleIn(ttl);
    const { bind, proxyProtocol: version, session = made?.session } = this.context;
    const prefix = version === undefined ? undefined : proxyHeader({ version, datagrams: true }, session);
    dialUdp({ address, family, port: endpoint.port, buffers, bind, prefix }, this);
  }

  #fail(error: unknown): void {
    const { balancer } = this.context;
    const failure = upstreamError(error, this.endpoint.text);
    this.#trial.ended();
    this.#named?.wrong();
    // If the proxy itself is short of something or refuses, the endpoint has not failed.
    if (failure.source === "upstream") balancer.failed(this.endpoint, failure.code);
    else balancer.penalise(this.endpoint);
    this.#record(failure.code);
    this.subscriber?.error(failure);
  }

  #record(code: SessionAttempt["code"]): void {
    const { made, balancer } = this.context;
    const took = performance.now() - this.#startedAt;
    made?.add(this.endpoint.text, took, code);
    balancer.attempted(this.endpoint, took, code === undefined);
  }

  #nameless(reason: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `upstream ${this.endpoint.text}: ${reason}`);
  }
}
