import { setImmediate as nextTurn } from "node:timers/promises";
import type { Override, ResolvedConfig, SessionsBehind, SocketAddress, TrialView } from "../../contract/index.ts";
import type { Threshold } from "../../contract/config/log-level.ts";
import { withOverrides } from "../../config/check/with-overrides.ts";
import { ConfigLoader } from "../../config/load/config-loader.ts";
import { withoutExit } from "../../config/load/exit-guard.ts";
import { transports } from "../../net/transports/table.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { ShareStarts } from "../../runtime/proxy/member.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type * as wire from "../wire/calls.ts";
import { listenerNames } from "../wire/listener-names.ts";
import { addressOf } from "../wire/sent-address.ts";
import { AbsentAcceptor } from "./absent-acceptor.ts";
import { GenerationStep } from "./generation-step.ts";
import { KnownLoads } from "./known-loads.ts";
import type { OwnProxy } from "./own-proxy.ts";

/** What a generation changes in a worker, beside its proxy. */
export interface Affected {
  readonly own: OwnProxy;
  readonly threshold: { level: Threshold["level"] };
  /** Begins the worker's proxy with its first generation. */
  start(base: ResolvedConfig, overrides: readonly Override[]): Promise<Proxy>;
  /** The sockets of a generation are known. */
  planned(plan: wire.SocketPlan): void;
  /** A generation is in force, on these sockets. */
  committed(plan: wire.SocketPlan): void;
}

/** Makes the generations that the first process orders, step by step: the first process waits for all workers after each. */
export class GenerationOrders implements wire.GenerationCalls {
  readonly #loads = new KnownLoads();
  #loader: ConfigLoader | undefined;
  #step: GenerationStep | undefined;
  #order: wire.GenerationOrder | undefined;
  /** The order of the generation on trial. */
  #tried: wire.GenerationOrder | undefined;
  #preparing: Promise<Omit<wire.SetUp, "watched">> | undefined;
  #plan: wire.SocketPlan | undefined;
  #adminAddress: SocketAddress | undefined;

  constructor(private readonly affected: Affected) {}

  /** The address of the admin server, which the first process has. */
  get adminAddress(): SocketAddress | undefined {
    return this.#adminAddress;
  }

  /** The generation that is being made, and its number. */
  get underWay(): { readonly step: GenerationStep; readonly generation: number } {
    if (this.#step === undefined || this.#order === undefined) throw new Error("no generation is on its way");
    return { step: this.#step, generation: this.#order.number };
  }

  async prepare(order: wire.GenerationOrder): Promise<wire.SetUp> {
    const loader = (this.#loader ??= new ConfigLoader(order.file, transports, order.admin));
    const work = async (): Promise<Omit<wire.SetUp, "watched">> => {
      const loaded = await this.#loads.of(loader, order, this.#proxy?.timeouts.setup);
      this.#order = order;
      // No log is in force yet, so this one counts while the plugins are set up too.
      if (this.#proxy === undefined) this.affected.threshold.level = order.logLevel;
      this.#step = new GenerationStep(() => this.#take(loaded.config, order));
      return { tries: await this.#step.prepare(), listeners: listenerNames(loaded.config) };
    };
    this.#step = undefined;
    this.#preparing = work();
    return { ...(await this.#preparing), watched: loader.readInSetup };
  }

  async try(starts: ShareStarts): Promise<void> {
    this.#plan = undefined;
    this.#tried = this.#order;
    await this.#step?.try(starts);
  }

  async accept(): Promise<void> {
    const { trials } = this.affected.own.live.proxy;
    this.#order = this.#tried;
    this.#step = new GenerationStep(() => withoutExit(this.#isLocal, () => trials.accept()));
    await this.#step.prepare();
  }

  async takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    // The commit that began the trial may have come in the same moment.
    await nextTurn();
    return (await this.#proxy?.trials.takeBack(reason)) ?? {};
  }

  trial(): TrialView | undefined {
    return this.#proxy?.trial;
  }

  async bind(plan: wire.SocketPlan): Promise<wire.Addresses> {
    this.#plan = plan;
    this.affected.planned(plan);
    return (await this.#step?.bind(plan)) ?? new Map();
  }

  async commit({ datagrams, admin }: wire.Committed): Promise<void> {
    this.#adminAddress = admin === undefined ? undefined : addressOf(admin);
    this.#step?.commit();
    // The commit itself follows at once, without waiting for anything.
    await nextTurn();
    // A trial changes nothing but sessions.
    if (this.#plan === undefined) return;
    const { own, threshold } = this.affected;
    threshold.level = this.#order?.logLevel ?? threshold.level;
    this.affected.committed(this.#plan);
    for (const [name, { bound }] of own.listeners)
      if (bound instanceof AbsentAcceptor) bound.local = addressOf(datagrams.get(name) ?? bound.local);
  }

  async followed(): Promise<ReloadReport> {
    const report = await this.#step?.report;
    if (report === undefined) throw new Error("no generation is on its way");
    this.#loads.keepOnly(this.#proxy?.steering.bases);
    return report;
  }

  async abandon(): Promise<void> {
    await this.#preparing?.catch(() => undefined);
    await this.#step?.abandon();
    this.#loads.keepOnly(this.#proxy?.steering.bases);
  }

  get #proxy(): Proxy | undefined {
    return this.affected.own.proxy;
  }

  #take(base: ResolvedConfig, { number, overrides, origin, rebuild }: wire.GenerationOrder): Promise<ReloadReport> {
    return withoutExit(this.#isLocal, async () => {
      const running = this.#proxy;
      if (running !== undefined)
        return running.take(() => ({ base, overrides, config: withOverrides(base, overrides), origin, dropped: [] }), rebuild);
      const began = performance.now();
      this.affected.own.set(await this.affected.start(base, overrides));
      return { generation: number, durationMs: Math.round(performance.now() - began), steps: [] };
    });
  }

  readonly #isLocal = (file: string): boolean => this.#loader?.files.has(file) === true;
}
