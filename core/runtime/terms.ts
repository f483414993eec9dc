import { throwError, type Observable } from "rxjs";
import { LRUCache } from "lru-cache";
import {
  SluiceError,
  upstreamTarget,
  type ResolvedListener,
  type SocketAddress,
  type Timeouts,
  type Upstream,
  type UpstreamConfig,
  type UpstreamTarget,
} from "../contract/index.ts";
import type { Balancer } from "../net/balancer.ts";
import { createDialer, type DialContext, type Dialer } from "../net/dialer.ts";
import { isOwnAddress } from "../net/own-address.ts";
import type { NameResolver } from "../net/resolver.ts";
import { createUdpDialer } from "../net/udp-dialer.ts";
import type { LivePipeline } from "./live-pipeline.ts";

/** Upstreams that plugins chose at run time, of which one listener keeps the dialer. */
const RETARGETS = 256;

export interface TermsContext {
  readonly resolver: NameResolver;
  readonly timeouts: Timeouts;
  /** The folder that relative paths of certificates start from. */
  readonly folder: string;
  /** The config's file; undefined when given in-process. */
  readonly file: string | undefined;
  /** Told what is not wrong yet with the way to the upstream. */
  readonly warn: (message: string) => void;
  /** The listener's own address, which is never dialled; undefined before it is bound. */
  readonly local: () => SocketAddress | undefined;
  /** The listener's balancer in the generation before. */
  readonly balancer: Balancer | undefined;
}

/** What a listener gives its new sessions in one generation: a pipeline, and the way to the upstream. */
export class Terms {
  readonly #dialer: Dialer | undefined;
  readonly #retargets = new LRUCache<string, Dialer>({ max: RETARGETS });

  /** @throws SLUICE_CERTIFICATE_INVALID when a file of upstream.tls cannot be used */
  constructor(
    readonly config: ResolvedListener,
    readonly pipeline: LivePipeline,
    private readonly context: TermsContext,
  ) {
    const place = [context.file, `listeners.${config.name}.upstream`].filter((part) => part !== undefined).join(": ");
    this.#dialer = config.upstream === undefined ? undefined : this.#dialerOf(config.upstream, place, context.balancer);
  }

  /** The balancer of the config's upstream, for the next generation. */
  get balancer(): Balancer | undefined {
    return this.#dialer?.balancer;
  }

  /** One session's attempts at its upstream, below every connect hook. */
  attempts(retarget: UpstreamConfig | undefined): Observable<Upstream> {
    if (retarget !== undefined) return this.#retargeted(retarget).attempts();
    if (this.#dialer !== undefined) return this.#dialer.attempts();
    return throwError(
      () => new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${this.config.name}" has no upstream, and no plugin answered`),
    );
  }

  #retargeted(config: UpstreamConfig): Dialer {
    const key = JSON.stringify(config);
    const known = this.#retargets.get(key) ?? this.#dialerOf(upstreamTarget(config), "retarget");
    this.#retargets.set(key, known);
    return known;
  }

  #dialerOf(target: UpstreamTarget, place: string, before?: Balancer): Dialer {
    const { resolver, timeouts, folder, warn } = this.context;
    const { name, address } = this.config;
    const hook = this.pipeline.pipeline.resolve;
    const context: DialContext = {
      resolve: (host) => (hook === undefined ? resolver.resolve(host) : hook(resolver.lookUp(host), { name: host, listener: name })),
      connectTimeout: timeouts.connect,
      refuse: (host, port) => this.#refuse(host, port),
      folder,
      place,
      warn,
      before,
    };
    return address.transport === "udp" ? createUdpDialer(target, context) : createDialer(target, context);
  }

  #refuse(host: string, port: number): SluiceError | undefined {
    const local = this.context.local();
    if (local === undefined || port !== local.port) return undefined;
    return isOwnAddress(host, local)
      ? new SluiceError("SLUICE_UPSTREAM_LOOP", `listener "${this.config.name}": ${host}:${port} is the listener itself`)
      : undefined;
  }
}
