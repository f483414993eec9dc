import { definePlugin, LOGGER, OPTIONS, PLACE, SluiceError, UPSTREAMS } from "sluice";
import type { FirstBytes, Logger, Place, Plugin, Session, UpstreamConfig, Upstreams } from "sluice";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import type { RouteConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { choose } from "./choose.ts";
import { optionsSchema, type Route, type RouteOptions } from "./options.ts";
import { RouteIndex } from "./route-index.ts";
import { QuicKnowledge } from "./quic/quic-knowledge.ts";
import { StreamKnowledge } from "./stream-knowledge.ts";

const nothing = Buffer.alloc(0);

/** Chooses a session's upstream by its first bytes, its ClientHello or its client's address: several protocols on one port. */
@injectable()
class Router implements Plugin {
  static readonly borrows = true;

  readonly #index: RouteIndex;

  constructor(
    @inject(OPTIONS) private readonly options: RouteOptions,
    @inject(UPSTREAMS) private readonly upstreams: Upstreams,
    @inject(PLACE) private readonly place: Place,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#index = new RouteIndex(options.routes);
  }

  /** Resolves the upstreams at once, so that a certificate that cannot be read is an error now, and not in the first session. */
  setup(): void {
    const { routes, fallback } = this.options;
    routes.forEach((route, index) => this.#checkTransport(route, index));
    for (const { upstream } of routes) this.upstreams.endpoints(upstream);
    if (fallback !== undefined) this.upstreams.endpoints(fallback);
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    return arrival.pipe(
      concatMap(async () => {
        const route = await this.#routeOf(session);
        const upstream: UpstreamConfig | undefined = route === null ? this.options.fallback : route.upstream;
        if (upstream !== undefined) session.retarget(upstream);
        this.logger.debug({ session: session.id, route: route === null ? "fallback" : this.#index.positionOf(route) }, "routed");
        return session;
      }),
    );
  }

  #routeOf(session: Session): Route | null | Promise<Route | null> {
    const { timeout } = this.options;
    if (session.datagrams) return this.#routeOfDatagrams(session);
    // What is known already may be enough: on a tls:// listener the ClientHello has been read.
    const known = choose(this.#index, new StreamKnowledge(session, nothing, false));
    if (known !== undefined) return known;
    const read = (bytes: Buffer, isOver: boolean): FirstBytes<Route | null> | undefined => {
      const found = choose(this.#index, new StreamKnowledge(session, bytes, isOver));
      return found === undefined ? undefined : { taken: 0, value: found };
    };
    return session.readFirst((bytes, end) => read(bytes, end !== undefined), { timeout });
  }

  #routeOfDatagrams(session: Session): Route | null | Promise<Route | null> {
    const { timeout } = this.options;
    const known = new QuicKnowledge(session);
    const found = choose(this.#index, known);
    if (found !== undefined) return found;
    return session.readFirst(
      (datagram, end) => {
        const value = choose(this.#index, known.take(datagram, end !== undefined));
        return value === undefined ? undefined : { taken: 0, value };
      },
      { timeout },
    );
  }

  #checkTransport({ protocol = [] }: Route, index: number): void {
    const { listener, datagrams } = this.place;
    const wrong = protocol.find((each) => (each === "quic") !== datagrams);
    if (wrong === undefined) return;
    const there = datagrams ? '"quic" alone is told on a udp:// listener' : "it needs a udp:// listener";
    throw new SluiceError("SLUICE_CONFIG_INVALID", `listeners.${listener}: routes[${index}].protocol of route() is "${wrong}": ${there}`);
  }
}

/**
 * Sends sessions to different upstreams by server name, ALPN, client or first bytes.
 *
 * @example plugins: [route({ routes: [{ serverName: "api.example.com", upstream: "10.0.0.1:443" }], fallback: "10.0.0.2:443" })]
 */
export const route: PluginFactory<RouteConfig> = definePlugin("route", Router, optionsSchema);
