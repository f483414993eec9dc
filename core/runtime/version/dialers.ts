import type { Observable, SchedulerLike } from "rxjs";
import {
  SluiceError,
  type Address,
  type ResolvedListener,
  type SocketAddress,
  type Timeouts,
  type UpstreamTarget,
} from "../../contract/index.ts";
import type { Balancer } from "../../net/balance/balancer.ts";
import type { DialContext, Dialer, EndpointDialer } from "../../net/dial/dialer.ts";
import type { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import type { CheckedEndpoint } from "../../net/health/health-check.ts";
import { LookUps } from "../../net/names/look-ups.ts";
import { isOwnAddress } from "../../net/accept/datagrams/own-address.ts";
import type { NameResolver } from "../../net/names/resolver.ts";
import { transportOf } from "../../net/transports/table.ts";
import { buffersOf } from "../../net/node/udp-socket.ts";
import type { RelayWay } from "../../net/relay/relay-way.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

export interface DialersContext {
  readonly resolver: NameResolver;
  /** Every pipeline is rebuilt, and remembered answers for names are forgotten. */
  readonly rebuild: boolean;
  /** The state of the proxy's endpoints. */
  readonly health: HealthBook;
  /** The generation's CLOCK. */
  readonly clock: SchedulerLike;
  readonly timeouts: Timeouts;
  /** The folder in which relative paths of certificates start. */
  readonly folder: string;
  /** The config's file; undefined if a program has given the config. */
  readonly file: string | undefined;
  /** There are new endpoints to check. */
  readonly checksChanged: () => void;
  /** Called for what is not yet wrong with an upstream, but may become so. */
  readonly warn: (message: string) => void;
  /** The listener's own address, which is never dialled; undefined before it is bound. */
  readonly local: () => SocketAddress | undefined;
  /** The admin server's address, which is never dialled either. */
  readonly admin: () => SocketAddress | undefined;
}

/** Makes the dialers of a listener in one generation: with its resolve hooks and timeouts, and never to the listener itself. */
export class Dialers {
  readonly #lookUps: LookUps;
  /** How the datagrams of relays are sent. */
  readonly relayWay: RelayWay;

  constructor(
    readonly listener: ResolvedListener,
    resolveHook: () => Pipeline["resolve"],
    private readonly context: DialersContext,
  ) {
    const { resolver, rebuild } = context;
    const ask = (name: string, fresh: boolean): Observable<Address[]> => {
      const hook = resolveHook();
      if (hook === undefined) return fresh ? resolver.again(name) : resolver.resolve(name);
      return hook(fresh ? resolver.again(name) : resolver.lookUp(name), { name, listener: listener.name, fresh });
    };
    this.#lookUps = new LookUps(ask, rebuild, () => resolver.version);
    this.relayWay = {
      resolve: (name) => this.#lookUps.resolve(name),
      refuse: (host, port) => this.#refuse(host, port),
      buffers: buffersOf(listener.socket),
      idle: listener.timeouts?.udpIdle ?? context.timeouts.udpIdle,
    };
  }

  /**
   * @param place the upstream's place in the config, for messages
   * @param before the balancer of the previous generation, to continue with
   * @throws SLUICE_CERTIFICATE_INVALID
   */
  dialerOf(target: UpstreamTarget, place: string, before?: Balancer): Dialer {
    const context = this.#dialContext(place, before);
    return transportOf(this.listener.address).createDialer(target, context);
  }

  /**
   * A dialer that opens legs to one given endpoint. On a UDP listener they carry datagrams, like its sessions.
   * @throws SLUICE_CERTIFICATE_INVALID; SLUICE_CONFIG_INVALID for options that need a stream, on a UDP listener
   */
  endpointsOf(target: UpstreamTarget, before?: Balancer): EndpointDialer {
    const place = `listeners.${this.listener.name}: the upstream of a plugin`;
    return transportOf(this.listener.address).createDialer(target, this.#dialContext(place, before));
  }

  /** They are in force: there may be room for sessions that wait. */
  committed(): void {
    this.context.health.listener(this.listener.name).line.tell();
  }

  /** There are new endpoints to check. */
  checksChanged(): void {
    this.context.checksChanged();
  }

  /** The health checks of an upstream's endpoints, if it has any. @param dialer of the upstream */
  checksOf(dialer: Dialer): readonly CheckedEndpoint[] {
    const { health, endpoints } = dialer.target;
    if (health === undefined) return [];
    const { clock } = this.context;
    return endpoints.map((endpoint) => ({ listener: this.listener.name, endpoint, health, dialer, clock }));
  }

  #dialContext(place: string, before: Balancer | undefined): DialContext {
    const { timeouts, folder, file, warn, health, clock } = this.context;
    return {
      health,
      clock,
      listener: this.listener.name,
      resolve: (name) => this.#lookUps.resolve(name),
      wrong: (name, since) => {
        this.#lookUps.wrong(name, since);
      },
      connectTimeout: this.listener.timeouts?.connect ?? timeouts.connect,
      keepAlive: this.listener.socket?.keepAlive,
      buffers: buffersOf(this.listener.socket),
      refuse: (host, port) => this.#refuse(host, port),
      folder,
      place: [file, place].filter((part) => part !== undefined).join(": "),
      warn,
      before,
    };
  }

  #refuse(host: string, port: number): SluiceError | undefined {
    const { local, admin } = this.context;
    const { name, address } = this.listener;
    if (isAt(host, port, local()))
      return new SluiceError("SLUICE_UPSTREAM_LOOP", `listener "${name}": ${host}:${port} is the listener itself`);
    // The admin server listens on TCP: a UDP port of the same number belongs to somebody else.
    if (!transportOf(address).datagrams && isAt(host, port, admin()))
      return new SluiceError("SLUICE_UPSTREAM_ADMIN", `listener "${name}": ${port === 0 ? host : `${host}:${port}`} is the admin server`);
    return undefined;
  }
}

function isAt(host: string, port: number, bound: SocketAddress | undefined): boolean {
  return bound !== undefined && port === bound.port && isOwnAddress(host, bound);
}
