import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EMPTY, Subject } from "rxjs";
import type { DependencyContainer, InjectionToken } from "tsyringe";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import {
  CLOCK,
  DATAGRAMS,
  EVENTS,
  EXCHANGE,
  isPluginUse,
  LOGGER,
  METRICS,
  PLACE,
  RESOLVER,
  SHARED,
  SluiceError,
  TAPS,
  TIMELINES,
  UPSTREAMS,
  type Exchange,
  type Place,
  type PluginUse,
  type Provider,
  type ProxyEvent,
  type ResolvedUse,
  type Transport,
} from "../../contract/index.ts";
import { transports } from "../../net/transports/table.ts";
import { constructPlugin, createContainer } from "../../pipeline/construct.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";
import { composePipeline, type Pipeline } from "../../pipeline/pipeline.ts";
import { createLogger } from "../../runtime/log/logger.ts";
import { Alone } from "../../runtime/state/alone.ts";
import { createMetrics } from "../../runtime/state/metrics.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { maybeUnheard } from "../values/bounded.ts";

export interface BenchOptions {
  /** What kind of listener the plugin stands on. @default "tcp" */
  readonly transport?: Transport;
  /** Adds or replaces something that the plugin injects, as `providers` of a config do. */
  readonly providers?: readonly Provider[];
}

/** One instance of a plugin, built as a generation builds it. */
export interface BenchInstance extends LivePlugin {
  readonly pipeline: Pipeline;
  readonly events: Subject<ProxyEvent>;
}

/** Everything is logged, and nobody reads it. One for all: to make one costs as much as several runs. */
const logger = createLogger({ level: "debug", to: { write: () => undefined } });
const site = { listener: "main", file: undefined, locate: () => undefined };

/** Builds instances of one plugin use, without a proxy around them. */
export class PluginBench {
  readonly clock: VirtualClock;
  readonly transport: Transport;
  readonly #use: ResolvedUse;
  readonly #container: DependencyContainer;
  readonly #ready: Promise<unknown> | undefined;
  #folder: string | undefined;

  /** @throws SLUICE_CONFIG_INVALID for options that the plugin refuses, SLUICE_TEST_INVALID for what is no plugin use */
  constructor(use: PluginUse, { transport = "tcp", providers = [] }: BenchOptions = {}) {
    this.transport = transport;
    this.#use = resolve(use, transport);
    this.clock = clockOf(providers);
    this.#container = createContainer([
      { token: CLOCK, value: this.clock },
      { token: METRICS, value: createMetrics() },
      { token: RESOLVER, value: { resolve: () => EMPTY } },
      { token: SHARED, value: new Alone() },
      { token: EXCHANGE, value: ((_request, attempt) => attempt) satisfies Exchange },
      { token: LOGGER, value: logger },
      { token: UPSTREAMS, value: { endpoints: () => ({ choose: noUpstream }) } },
      { token: DATAGRAMS, value: { relay: noRelay } },
      // There are no legs.
      { token: TAPS, value: { tap: () => undefined } },
      // No sessions that something happens to.
      { token: TIMELINES, value: { follow: () => undefined } },
      { token: PLACE, value: this.#place() },
    ]);
    const waiting = providers.map((provider) => provide(this.#container, provider)).filter((each) => each !== undefined);
    this.#ready = waiting.length === 0 ? undefined : maybeUnheard(Promise.all(waiting));
  }

  get name(): string {
    return this.#use.name;
  }

  /** The folder of the config, in which the plugin may leave files: made when it is asked for. */
  get folder(): string {
    return (this.#folder ??= mkdtempSync(path.join(tmpdir(), "sluice-bench-")));
  }

  /** Whether anybody has asked for the folder. */
  get hasFolder(): boolean {
    return this.#folder !== undefined;
  }

  /** Settles when every provider has given its value; undefined: all have. */
  get ready(): Promise<unknown> | undefined {
    return this.#ready;
  }

  /** Constructs it; `setup` is the caller's. @throws SLUICE_PLUGIN_CONSTRUCT */
  async construct(): Promise<BenchInstance> {
    if (this.#ready !== undefined) await this.#ready;
    return this.constructNow();
  }

  /** The same, once it is `ready`. */
  constructNow(): BenchInstance {
    const events = new Subject<ProxyEvent>();
    // All else is the same for every instance: a case of a table makes a hundred.
    const built = constructPlugin(this.#container, this.#use, [{ token: EVENTS, value: events.asObservable() }], site);
    return { ...built, events, pipeline: composePipeline([built], () => undefined) };
  }

  /** Removes what it left. */
  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #place(): Place {
    const folder = (): string => this.folder;
    return {
      listener: "main",
      transport: this.transport,
      datagrams: this.transport === "udp",
      helloFirst: this.transport === "tls",
      plugin: this.name,
      get folder() {
        return folder();
      },
    };
  }
}

/** As `provide` of the pipeline, but at once where nothing is promised: a test in virtual time is one synchronous step. */
function provide(container: DependencyContainer, provider: Provider): Promise<void> | undefined {
  const token = provider.token as InjectionToken;
  if ("useClass" in provider) container.registerSingleton(token, provider.useClass);
  else if ("useFactory" in provider) {
    const made = provider.useFactory();
    if (made instanceof Promise) return made.then((useValue: unknown) => void container.register(token, { useValue }));
    container.register(token, { useValue: made });
  } else container.register(token, { useValue: provider.useValue });
  return undefined;
}

function noUpstream(): never {
  throw new SluiceError("SLUICE_TEST_INVALID", "a plugin on the bench has no upstream: test it in a proxy, with startProxy()");
}

function noRelay(): Promise<never> {
  return Promise.reject(
    new SluiceError("SLUICE_TEST_INVALID", "a plugin on the bench has no sockets: test it in a proxy, with startProxy()"),
  );
}

function resolve(use: PluginUse, transport: Transport): ResolvedUse {
  if (!isPluginUse(use))
    throw new SluiceError("SLUICE_TEST_INVALID", "expected a use of a plugin, such as redact(), which definePlugin() makes");
  const listen = transport === "unix" ? "unix:///sluice/bench" : `${transport}://127.0.0.1:0`;
  const { listeners } = resolveConfig({ listeners: { main: { listen, upstream: "127.0.0.1:9", plugins: [use] } } }, transports);
  const resolved = listeners[0]?.uses[0];
  if (resolved === undefined) throw new SluiceError("SLUICE_TEST_INVALID", `the plugin "${use.id}" is disabled: there is nothing to test`);
  return resolved;
}

/** A virtual clock among the providers is the one whose time is moved. */
function clockOf(providers: readonly Provider[]): VirtualClock {
  for (const provider of providers)
    if (provider.token === CLOCK && "useValue" in provider && provider.useValue instanceof VirtualClock) return provider.useValue;
  return new VirtualClock();
}
