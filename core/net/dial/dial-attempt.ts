import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import { Subscription, type Subscriber, type Unsubscribable } from "rxjs";
import { SluiceError, type Address, type Endpoint, type SessionAttempt, type Upstream } from "../../contract/index.ts";
import type { AddressTurns } from "../balance/address-turns.ts";
import type { AttemptContext } from "./attempt-context.ts";
import type { Wait, DeadlineWaiter } from "./deadlines.ts";
import { DialOptions } from "./dial-options.ts";
import { dialStream } from "./dial-stream.ts";
import { LegTrial } from "../legs/leg-trial.ts";
import { NamedAddresses, type LookUpEnd } from "../names/named-addresses.ts";
import { proxyHeader } from "./proxy-header.ts";
import { upstreamError } from "../os-errors.ts";
import { race, type PendingConnection, type Destination } from "./race.ts";
import type { SessionAttempts } from "../balance/session-attempts.ts";
import { StreamLeg } from "../legs/stream-leg.ts";
import { OpenUpstream } from "./open-upstream.ts";
import { handshake } from "./upstream-handshake.ts";
import type { UpstreamTls } from "./upstream-tls.ts";

/** Addresses of one name that an attempt tries; further ones are ignored. */
const MAX_PLACES = 32;

/**
 * One try at one endpoint: look-up, race, TLS. If no address of a name works, the name is looked up once more and new addresses are raced too, since
 * the server may have moved. Each step sets `#undo` to a function that undoes it, so an abort is the same in every step; after the attempt has
 * settled there is nothing to undo.
 */
export class DialAttempt implements Unsubscribable, DeadlineWaiter {
  #undo: ((tooLong?: boolean) => void) | undefined;
  #wait: Wait | undefined;
  #phase = "the look-up of its name";
  #settled = false;
  /** Undefined: the endpoint has no name. */
  #named: NamedAddresses | undefined;
  #lookedAgain = false;
  /** Set if the endpoint's name has several addresses. */
  #turns: AddressTurns | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly context: AttemptContext,
    private readonly subscriber: Subscriber<Upstream>,
    /** The session's attempts; undefined: the attempt belongs to no session. */
    private readonly made: SessionAttempts | undefined,
  ) {}

  start(): void {
    const { balancer, deadlines } = this.context;
    const { host, port, path } = this.endpoint;
    balancer.opened(this.endpoint);
    this.#wait = deadlines.start(this);
    if (path !== undefined) this.#race([{ path }]);
    else if (isIP(host) !== 0) this.#race([{ host, port }]);
    else this.#lookUp(host);
  }

  /** Ends the attempt without a result. Does nothing after it has settled. */
  unsubscribe(): void {
    if (!this.#settle()) return;
    this.#undo?.();
    this.context.balancer.closed(this.endpoint);
    this.#record("aborted");
  }

  #lookUp(name: string): void {
    const named = new NamedAddresses(name, this.context);
    this.#named = named;
    this.#await((told) => named.lookUp(told), {
      found: (addresses) => {
        this.made?.timeline?.mark("names", { name, addresses: addresses.length });
        const places = this.#places(addresses);
        if (places.length === 0) this.#fail(this.#nameless("its name has no address"));
        else this.#race(places);
      },
      failed: (error) => this.#fail(error ?? this.#nameless("the look-up of its name gave no answer")),
    });
  }

  /** No place could be connected to. The addresses of a name may be out of date. */
  #lost(failure: unknown): void {
    const named = this.#named;
    if (named === undefined || this.#lookedAgain || this.#settled) {
      this.#fail(failure);
      return;
    }
    this.#lookedAgain = true;
    named.wrong();
    this.#await((told) => named.lookUpNewer(told), {
      found: (addresses) => {
        const places = this.#places(addresses);
        if (places.length === 0) this.#fail(failure);
        else this.#race(places);
      },
      failed: () => this.#fail(failure),
    });
  }

  /** @param lookUp may call `told` before it returns */
  #await(lookUp: (told: LookUpEnd) => Subscription, told: LookUpEnd): void {
    const lookup = new Subscription();
    const undo = (): void => lookup.unsubscribe();
    this.#undo = undo;
    lookup.add(lookUp(told));
  }

  #places(addresses: readonly Address[]): readonly Destination[] {
    const { bind } = this.context;
    const usable = addresses.filter(({ address }) => isIP(address) !== 0 && (bind === undefined || isIP(address) === isIP(bind)));
    if (usable.length > 1) this.#turns = this.context.balancer.turnsOf(this.endpoint);
    return (this.#turns?.order(usable) ?? usable).slice(0, MAX_PLACES).map(({ address }) => ({ host: address, port: this.endpoint.port }));
  }

  #race(places: readonly Destination[]): void {
    this.#phase = "the connection";
    const { tls } = this.context;
    const [only] = places;
    if (places.length === 1 && only !== undefined && tls === undefined) {
      this.#dialOnly(only);
      return;
    }
    const lost = (error: unknown): void => this.#lost(error);
    const missed = (place: Destination): void => this.#turns?.missed(addressOf(place));
    const before = this.#undo;
    const abort =
      tls === undefined
        ? race({ places, lost, missed, dial: (place) => this.#dialPlain(place), won: (leg, place) => this.#won(leg, place) })
        : race({
            places,
            lost,
            missed,
            dial: (place) => this.#dialForTls(place),
            won: ({ socket }, place) => this.#handshake(this.#worked(socket, place), this.#labelOf(place), tls),
          });
    // If the race was lost at once, `#undo` already belongs to the next step.
    if (this.#undo === before) this.#undo = abort;
  }

  /** Dials one place, without a race: most sessions. Its listeners do not stay, since the socket would keep the attempt as long as the session. */
  #dialOnly(place: Destination): void {
    let leg: StreamLeg;
    try {
      leg = this.#dialPlain(place);
    } catch (error) {
      this.#lost(error);
      return;
    }
    const { socket } = leg;
    const onError = (error: unknown): void => this.#lost(error);
    const undo = (): void => void socket.destroy();
    this.#undo = undo;
    const connected = (): void => {
      socket.off("error", onError).off("connect", connected);
      this.#introduce(socket);
      this.#opened(leg);
    };
    socket.on("error", onError).on("connect", connected);
  }

  #won(leg: StreamLeg, place: Destination): void {
    this.#worked(leg.socket, place);
    this.#opened(leg);
  }

  #worked(socket: Socket, place: Destination): Socket {
    const turns = this.#turns;
    const address = addressOf(place);
    this.#introduce(socket);
    turns?.worked(address);
    if (turns?.counts === true) {
      turns.opened(address);
      socket.once("close", () => turns.closed(address));
    }
    return socket;
  }

  /** Writes the PROXY header, which says who the client is. It comes first, before TLS. */
  #introduce(socket: Socket): void {
    const { proxyProtocol: version, proxyProtocolTlvs: tlvs, session = this.made?.session } = this.context;
    if (version === undefined) return;
    // Otherwise the bytes behind it would wait until it is acknowledged.
    socket.setNoDelay(true);
    socket.write(proxyHeader({ version, tlvs }, session));
  }

  #dialPlain(place: Destination): StreamLeg {
    this.#check(place);
    return dialStream(place, this.#labelOf(place), this.context.bind);
  }

  /** A name has several addresses. Otherwise the endpoint's own text will do, and no session needs one of its own. */
  #labelOf(place: Destination): string {
    return this.#named === undefined ? this.endpoint.text : `${addressOf(place)}:${this.endpoint.port}`;
  }

  #dialForTls(place: Destination): PendingConnection {
    this.#check(place);
    const socket = connect(new DialOptions(place, { onread: undefined, noDelay: true, bind: this.context.bind }) as NetConnectOpts);
    // The race handles a failure to connect; later errors reach the TLS socket on top.
    socket.on("error", () => undefined);
    return { socket };
  }

  #check(place: Destination): void {
    const refusal = "path" in place ? this.context.refuse?.(place.path, 0) : this.context.refuse?.(place.host, place.port);
    if (refusal !== undefined) throw refusal;
  }

  #handshake(socket: Socket, place: string, tls: UpstreamTls): void {
    const { endpoint, context, made } = this;
    this.#undo = handshake(socket, tls, {
      endpoint,
      place,
      protocols: context.protocols,
      wire: () => made?.wire?.(endpoint.text),
      began: (phase) => (this.#phase = phase),
      opened: (leg, protocol) => this.#opened(leg, protocol),
      failed: (error) => this.#fail(error),
    });
  }

  #opened(leg: StreamLeg, protocol?: string): void {
    if (!this.#settle()) {
      leg.destroy();
      return;
    }
    const { balancer, keepAlive } = this.context;
    if (keepAlive !== undefined) leg.socket.setKeepAlive(true, keepAlive);
    leg.trial = new LegTrial(balancer, this.endpoint, balancer.judges);
    leg.trial.holds(leg);
    // With one endpoint there is nothing to choose, so the result of the leg does not matter.
    if (!balancer.judges) balancer.worked(this.endpoint);
    this.#record(undefined);
    this.subscriber.next(new OpenUpstream(this.endpoint.text, leg, protocol));
    this.subscriber.complete();
  }

  waitedTooLong(): void {
    const detail = `upstream ${this.endpoint.text}: ${this.#phase} took longer than ${this.context.connectTimeout} ms`;
    this.#fail(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", detail), true);
  }

  #fail(error: unknown, tooLong = false): void {
    if (!this.#settle()) return;
    this.#undo?.(tooLong);
    this.context.balancer.closed(this.endpoint);
    this.#named?.wrong();
    const failure = upstreamError(error, this.endpoint.text);
    // If the proxy itself is short of something or refuses, the endpoint has not failed.
    if (failure.source === "upstream") this.context.balancer.failed(this.endpoint, failure.code);
    else this.context.balancer.penalise(this.endpoint);
    this.#record(failure.code);
    this.subscriber.error(failure);
  }

  /** @returns false if the attempt had settled before */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#wait !== undefined) this.context.deadlines.end(this.#wait);
    return true;
  }

  #record(code: SessionAttempt["code"]): void {
    if (this.#wait === undefined) return;
    const took = performance.now() - (this.#wait.due - this.context.connectTimeout);
    this.made?.add(this.endpoint.text, took, code);
    if (code !== "aborted") this.context.balancer.attempted(this.endpoint, took, code === undefined);
  }

  #nameless(reason: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `upstream ${this.endpoint.text}: ${reason}`);
  }
}

function addressOf(place: Destination): string {
  return "host" in place ? place.host : place.path;
}
