import { definePlugin, LOGGER, OPTIONS, PLACE, SluiceError, UPSTREAMS } from "sluice";
import type { FirstBytes, FirstBytesEnd, Logger, Place, Plugin, Session, UpstreamConfig, Upstreams } from "sluice";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import type { RouteConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { choose } from "./choose.ts";
import type { ClientFacts } from "./knowledge.ts";
import { optionsSchema, type Route, type RouteOptions } from "./options.ts";
import { RouteIndex } from "./route-index.ts";
import { QuicKnowledge } from "./quic/quic-knowledge.ts";
import { StreamKnowledge } from "./stream-knowledge.ts";

const nothing = Buffer.alloc(0);

/** Milliseconds for a client that may be waiting for its server to send first. */
const SILENT = 300;
/** Milliseconds for a ClientHello that has begun: a packet of it that is lost comes again after one second, and after two more (RFC 9002 section 6.2, RFC 6298). */
const BEGUN = 5000;

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
    // What is known already may be enough: on a tls:// listener the ClientHello has been read.
    const quic = session.datagrams ? new QuicKnowledge(session) : undefined;
    const known = choose(this.#index, quic ?? new StreamKnowledge(session, nothing), false);
    return known === undefined ? this.#read(session, (bytes) => quic?.take(bytes) ?? new StreamKnowledge(session, bytes)) : known;
  }

  async #read(session: Session, tell: (bytes: Buffer) => ClientFacts): Promise<Route | null> {
    const { timeout } = this.options;
    const found = timeout === undefined ? await this.#readFor(SILENT, session, tell, true) : undefined;
    return found === undefined ? ((await this.#readFor(timeout ?? BEGUN, session, tell, false)) ?? null) : found;
  }

  /** @param canGoOn whether there is more time for a ClientHello that has begun, whose route is then undefined */
  #readFor(timeout: number, session: Session, tell: (bytes: Buffer) => ClientFacts, canGoOn: boolean): Promise<Route | null | undefined> {
    const read = (bytes: Buffer, end: FirstBytesEnd | undefined): FirstBytes<Route | null | undefined> | undefined => {
      const known = tell(bytes);
      const goesOn = canGoOn && end === "time" && bytes.length > 0 && known.hello === undefined;
      const value = choose(this.#index, known, end !== undefined && !goesOn);
      return value === undefined && !goesOn ? undefined : { taken: 0, value };
    };
    return session.readFirst(read, { timeout });
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
