import {
  SluiceError,
  type Endpoints,
  type ResolvedListener,
  type SocketAddress,
  type Timeouts,
  type UpstreamTarget,
} from "../contract/index.ts";
import { createDialer, type DialContext, type Dialer } from "../net/dialer.ts";
import type { NameResolver } from "../net/resolver.ts";
import { createUdpDialer } from "../net/udp-dialer.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";

export interface WayContext {
  readonly resolver: NameResolver;
  readonly timeouts: Timeouts;
  /** The folder that relative paths of certificates start from. */
  readonly folder: string;
  /** The listener's own address, which is never dialled; undefined before it is bound. */
  readonly local: () => SocketAddress | undefined;
}

/** How the upstreams of a listener are reached in one generation: its resolve hooks, its timeouts, and never the listener itself. */
export class Way {
  constructor(
    readonly listener: ResolvedListener,
    private readonly resolveHook: () => Pipeline["resolve"],
    private readonly context: WayContext,
  ) {}

  /** @throws SLUICE_CERTIFICATE_INVALID */
  dialerOf(target: UpstreamTarget): Dialer {
    const context = this.#dialContext();
    return this.listener.address.transport === "udp" ? createUdpDialer(target, context) : createDialer(target, context);
  }

  /** Over streams, whatever the listener's transport. @throws SLUICE_CERTIFICATE_INVALID */
  endpointsOf(target: UpstreamTarget): Endpoints {
    return createDialer(target, this.#dialContext());
  }

  #dialContext(): DialContext {
    const { resolver, timeouts, folder } = this.context;
    const { name } = this.listener;
    const hook = this.resolveHook();
    return {
      resolve: (host) => (hook === undefined ? resolver.resolve(host) : hook(resolver.lookUp(host), { name: host, listener: name })),
      connectTimeout: timeouts.connect,
      refuse: (host, port) => this.#refuse(host, port),
      folder,
    };
  }

  #refuse(host: string, port: number): SluiceError | undefined {
    const local = this.context.local();
    if (local === undefined || port !== local.port) return undefined;
    const wildcard = local.address === "0.0.0.0" || local.address === "::";
    const own = host === local.address || (wildcard && (host === "::1" || host.startsWith("127.")));
    return own
      ? new SluiceError("SLUICE_UPSTREAM_LOOP", `listener "${this.listener.name}": ${host}:${port} is the listener itself`)
      : undefined;
  }
}
