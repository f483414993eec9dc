import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EMPTY, Subject } from "rxjs";
import type { DependencyContainer, InjectionToken } from "tsyringe";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { checkUses, nameUses } from "../../config/check/resolve-uses.ts";
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
import type { Problem } from "../../contract/options/describe-issues.ts";
import { transportOf, transports } from "../../net/transports/table.ts";
import { constructPlugin, createContainer } from "../../pipeline/construct.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";
import { composePipeline, type Pipeline } from "../../pipeline/pipeline.ts";
import { createLogger } from "../../runtime/log/logger.ts";
import { LocalShared } from "../../runtime/state/local-shared.ts";
import { createMetrics } from "../../runtime/state/metrics.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { maybeUnheard } from "../values/bounded.ts";
import { formOf, hasDatagrams } from "../values/transport-form.ts";
import { GivenOptions } from "./given-options.ts";

export interface BenchOptions {
  /** The transport of the plugin's listener. @default "tcp" */
  readonly transport?: Transport;
  /** Adds or replaces something that the plugin injects, like the `providers` of a config. */
  readonly providers?: readonly Provider[];
}

/** One instance of a plugin, built like in a generation. */
export interface BenchInstance extends LivePlugin {
  readonly pipeline: Pipeline;
  readonly events: Subject<ProxyEvent>;
}

/** A log whose output is dropped, with all levels. All benches share it: making one costs as much as several runs. */
const logger = createLogger({ level: "debug", to: { write: () => undefined } });
const ignoreFault = (): void => undefined;
const site = { listener: "main", file: undefined, locate: () => undefined };

/** Builds instances of one plugin use, without a proxy around them. */
export class PluginBench {
  readonly clock: VirtualClock;
  readonly transport: Transport;
  readonly #use: ResolvedUse;
  readonly #options: GivenOptions;
  readonly #container: DependencyContainer;
  readonly #ready: Promise<unknown> | undefined;
  #folder: string | undefined;

  /** @throws SLUICE_CONFIG_INVALID for options that the plugin refuses, SLUICE_TEST_INVALID for a value that is not a plugin use */
  constructor(use: PluginUse, { transport = "tcp", providers = [] }: BenchOptions = {}) {
    this.transport = transport;
    this.#use = resolve(use, transport);
    this.#options = new GivenOptions(this.#use.use.options);
    this.clock = clockOf(providers);
    this.#container = createContainer([
      { token: CLOCK, value: this.clock },
      { token: METRICS, value: createMetrics() },
      { token: RESOLVER, value: { resolve: () => EMPTY } },
      { token: SHARED, value: new LocalShared() },
      { token: EXCHANGE, value: ((_request, attempt) => attempt) satisfies Exchange },
      { token: LOGGER, value: logger },
      { token: UPSTREAMS, value: { endpoints: () => ({ choose: noUpstream }) } },
      { token: DATAGRAMS, value: { relay: noRelay } },
      // There are no legs to watch.
      { token: TAPS, value: { tap: () => undefined, wire: () => undefined } },
      // There are no time lines of sessions.
      { token: TIMELINES, value: { follow: () => undefined } },
      { token: PLACE, value: this.#place() },
    ]);
    const waiting = providers.map((provider) => provide(this.#container, provider)).filter((each) => each !== undefined);
    this.#ready = waiting.length === 0 ? undefined : maybeUnheard(Promise.all(waiting));
  }

  get name(): string {
    return this.#use.name;
  }

  /** Whether a fault of it takes it out of its session. */
  get bypasses(): boolean {
    return this.#use.use.onError === "bypass";
  }

  /** The config's folder, in which the plugin may write files; it is made at the first use. */
  get folder(): string {
    return (this.#folder ??= mkdtempSync(path.join(tmpdir(), "sluice-bench-")));
  }

  /** What is wrong with what the plugin did to its options; undefined when nothing is. */
  get wrongWithOptions(): string | undefined {
    return this.#options.wrong;
  }

  /** Whether the folder was used. */
  get hasFolder(): boolean {
    return this.#folder !== undefined;
  }

  /** Settles when all providers have their values; undefined when they have them already. */
  get ready(): Promise<unknown> | undefined {
    return this.#ready;
  }

  /** Constructs an instance; the caller calls `setup`. @throws SLUICE_PLUGIN_CONSTRUCT */
  async construct(): Promise<BenchInstance> {
    if (this.#ready !== undefined) await this.#ready;
    return this.constructNow();
  }

  /** Constructs an instance synchronously, when the bench is `ready`. */
  constructNow(): BenchInstance {
    const events = new Subject<ProxyEvent>();
    // Everything else is shared by all instances: a case of a table makes a hundred of them.
    const built = constructPlugin(this.#container, this.#use, [{ token: EVENTS, value: events.asObservable() }], site);
    const { use, plugin, borrows } = built;
    // Not `...built`: a copy with added properties takes as long as everything else here.
    return { use, plugin, borrows, events, pipeline: composePipeline([built], ignoreFault) };
  }

  /** Removes its files. */
  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #place(): Place {
    const folder = (): string => this.folder;
    return {
      listener: "main",
      transport: this.transport,
      datagrams: hasDatagrams(this.transport),
      helloFirst: transportOf({ transport: this.transport }).helloFirst,
      plugin: this.name,
      get folder() {
        return folder();
      },
    };
  }
}

/** Like `provide` of the pipeline, but synchronous when no promise is used: a test in virtual time is one synchronous step. */
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
  throw new SluiceError("SLUICE_TEST_INVALID", "there is no upstream in this test: test the plugin in a proxy, with startProxy()");
}

function noRelay(): Promise<never> {
  return Promise.reject(
    new SluiceError("SLUICE_TEST_INVALID", "there are no sockets in this test: test the plugin in a proxy, with startProxy()"),
  );
}

function resolve(use: PluginUse, transport: Transport): ResolvedUse {
  if (!isPluginUse(use))
    throw new SluiceError("SLUICE_TEST_INVALID", "expected a use of a plugin, such as redact(), which definePlugin() makes");
  const problems: Problem[] = [];
  const [found] = nameUses(checkUses([use], ["listeners", "main", "plugins"], problems), problems);
  if (found === undefined || problems.length > 0) throw refused(use, transport);
  if (!found.use.enabled) throw new SluiceError("SLUICE_TEST_INVALID", `the plugin "${use.id}" is disabled: there is nothing to test`);
  return found;
}

/** What a config says of a use that cannot be used. To check a whole config is slow: a table has many rows. */
function refused(use: PluginUse, transport: Transport): SluiceError {
  const listen = formOf({ transport }).freeAddress();
  try {
    resolveConfig({ listeners: { main: { listen, upstream: "127.0.0.1:9", plugins: [use] } } }, transports);
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  return new SluiceError("SLUICE_INTERNAL", `the plugin "${use.id}" was refused, and the config was not`);
}

/** The clock of the bench: a virtual clock among the providers, or a new one. */
function clockOf(providers: readonly Provider[]): VirtualClock {
  for (const provider of providers)
    if (provider.token === CLOCK && "useValue" in provider && provider.useValue instanceof VirtualClock) return provider.useValue;
  return new VirtualClock();
}
