import { setImmediate as nextTurn } from "node:timers/promises";
import { SluiceError, type ResolvedConfig, type SessionsBehind, type SocketAddress, type TrialView } from "../../contract/index.ts";
import { measure, type Measured } from "../../admin/metrics/measured.ts";
import { Live } from "../../admin/operations/live.ts";
import { operationNamed, perform } from "../../admin/operations/operations.ts";
import type { Threshold } from "../../contract/config/log-level.ts";
import { ConfigLoader } from "../../config/load/config-loader.ts";
import { withoutExit } from "../../config/load/exit-guard.ts";
import { useTicketKeys } from "../../net/accept/tls/ticket-keys.ts";
import type { AgreedStanding } from "../../net/balance/endpoints/health-peers.ts";
import type { Connection } from "../../net/node/raw-accept.ts";
import { transports } from "../../net/transports/table.ts";
import { withOverrides } from "../../config/check/with-overrides.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import { createLogger } from "../../runtime/log/logger.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { ShareStarts } from "../../runtime/proxy/member.ts";
import { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Elsewhere } from "../../runtime/state/neighbours.ts";
import type { OpenSessions } from "../../runtime/proxy/serving-proxy.ts";
import type * as wire from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import type { PackedProgress } from "../wire/packed-progress.ts";
import { packEvent } from "../wire/packed-event.ts";
import { addressOf } from "../wire/sent-address.ts";
import { AbsentAcceptor } from "./absent-acceptor.ts";
import { takeOver } from "./take-over.ts";
import { GenerationStep } from "./generation-step.ts";
import { HealthOfWorkers } from "./health-of-workers.ts";
import { NeighboursOfWorkers } from "./neighbours-of-workers.ts";
import { adminElsewhere } from "./admin-elsewhere.ts";
import { SavesOfWorker } from "./saves-of-worker.ts";
import { MemberOfWorkers } from "./member-of-workers.ts";
import { KnownLoads } from "./known-loads.ts";
import { HandedSockets } from "./handed-sockets.ts";
import { WatchFeeds } from "./watch-feeds.ts";
import { SharedOfWorkers } from "./shared-of-workers.ts";
import { TakenReport } from "./taken-report.ts";

/** One of the processes that serve. It does what the first process tells it, and decides nothing itself. */
export class Worker implements wire.WorkerCalls {
  readonly logger;
  readonly #threshold: Threshold & { level: Threshold["level"] } = { level: "info" };
  readonly #sockets = new HandedSockets();
  readonly #loads = new KnownLoads();
  readonly #taken: TakenReport;
  readonly #shared: SharedOfWorkers;
  readonly #health: HealthOfWorkers;
  readonly #neighbours: NeighboursOfWorkers;
  readonly #shows: WatchFeeds;
  readonly saves: SavesOfWorker;
  #loader: ConfigLoader | undefined;
  #proxy: Proxy | undefined;
  #live: Live | undefined;
  #step: GenerationStep | undefined;
  #order: wire.GenerationOrder | undefined;
  /** The order of the generation on trial. */
  #tried: wire.GenerationOrder | undefined;
  #preparing: Promise<readonly string[]> | undefined;
  #plan: wire.SocketPlan | undefined;
  #adminAddress: SocketAddress | undefined;
  #tells = false;

  /** @param number which worker this is */
  constructor(
    private readonly first: () => Channel<wire.FirstCalls>,
    private readonly number: number,
  ) {
    this.saves = new SavesOfWorker(number);
    this.#shared = new SharedOfWorkers(first);
    this.#health = new HealthOfWorkers(first);
    this.#shows = new WatchFeeds(first);
    this.#taken = new TakenReport((count) => {
      first().tell("taken", count, this.#neighbours.report(this.open().streams));
    });
    this.#neighbours = new NeighboursOfWorkers(first, this.#taken.changed);
    this.logger = createLogger({
      threshold: this.#threshold,
      to: {
        write: (line) => {
          first().tell("log", line);
        },
      },
    });
  }

  async prepare(order: wire.GenerationOrder): Promise<wire.SetUp> {
    const loader = (this.#loader ??= new ConfigLoader(order.file, transports, order.admin));
    const work = async (): Promise<readonly string[]> => {
      const loaded = await this.#loads.of(loader, order, this.#proxy?.timeouts.setup);
      this.#order = order;
      this.#step = new GenerationStep(() => this.#take(loaded.config, order));
      return this.#step.prepare();
    };
    this.#step = undefined;
    this.#preparing = work();
    const tries = await this.#preparing;
    return { watched: loader.readInSetup, tries };
  }

  async try(starts: ShareStarts): Promise<void> {
    this.#plan = undefined;
    this.#tried = this.#order;
    await this.#step?.try(starts);
  }

  async accept(): Promise<void> {
    const { trials } = this.#answering.proxy;
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
    this.#health.checks = plan.ownsDatagrams;
    return (await this.#step?.bind(plan)) ?? new Map();
  }

  async commit({ datagrams, admin }: wire.Committed): Promise<void> {
    this.#adminAddress = admin === undefined ? undefined : addressOf(admin);
    this.#step?.commit();
    // The commit itself follows at once, without waiting for anything.
    await nextTurn();
    // A trial changes nothing but sessions.
    if (this.#plan === undefined) return;
    this.#threshold.level = this.#order?.logLevel ?? this.#threshold.level;
    this.#sockets.keepOnly(this.#plan);
    this.#neighbours.follow(this.#listeners.values());
    this.#taken.changed();
    for (const [name, listener] of this.#listeners)
      if (listener.bound instanceof AbsentAcceptor) listener.bound.local = addressOf(datagrams.get(name) ?? listener.bound.local);
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

  async takeDatagrams(places: wire.Addresses): Promise<void> {
    this.#health.checks = true;
    this.#answering.proxy.inner.state.checks.begin();
    const { config } = this.#answering.proxy.steering;
    for (const listener of this.#listeners.values())
      if (config !== undefined && listener.bound instanceof AbsentAcceptor) await takeOver(listener, config, places.get(listener.name));
  }

  connection(socket: number, elsewhere: Elsewhere, connection: Connection): void {
    this.#taken.one();
    this.#neighbours.beside(elsewhere, () => {
      this.#sockets.take(socket, connection);
    });
  }

  open(): OpenSessions {
    return this.#proxy?.open() ?? { streams: 0, all: 0 };
  }

  sessions(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#listeners, ([name, { sessions }]) => [name, sessions]));
  }

  generations(): ReadonlyMap<number, number> {
    return this.#answering.sessionsOfGenerations();
  }

  perform(name: string, input: unknown): Promise<unknown> {
    return perform(operationNamed(name), this.#answering, input);
  }

  measure(): readonly Measured[] {
    return measure(this.#answering.proxy);
  }

  show(number: number, what: wire.WatchSubject): void {
    if (this.#proxy !== undefined) this.#shows.begin(this.#proxy, number, what);
  }

  seen(number: number, count: number): void {
    this.#shows.seen(number, count);
  }

  hide(number: number): void {
    this.#shows.end(number);
  }

  save(number: number, part: wire.PartOrder): Promise<void> {
    return this.saves.begin(this.#answering.proxy, number, part);
  }

  saved(number: number): PackedProgress | undefined {
    return this.saves.progress(number);
  }

  endSave(number: number): Promise<PackedProgress | undefined> {
    return this.saves.end(number);
  }

  look(wanted: boolean): void {
    if (wanted) this.#live?.begin();
    else this.#live?.rest();
  }

  /** @throws SLUICE_NOT_RUNNING */
  get #answering(): Live {
    if (this.#live === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the worker is starting");
    return this.#live;
  }

  ticketKeys(keys: Uint8Array): void {
    useTicketKeys(keys);
  }

  standing(standing: AgreedStanding): void {
    this.#health.agreed.next(standing);
  }

  tellOfSessions(wanted: boolean): void {
    this.#tells = wanted;
  }

  async close(drain: number): Promise<void> {
    await this.#proxy?.close({ drain });
    this.saves.leave();
  }

  /** After an error in the core, whose state is then unknown: the worker drains and ends, and is replaced. */
  async fail(): Promise<void> {
    await this.close(this.#proxy?.timeouts.drain ?? 0);
    process.exit(1);
  }

  get #listeners(): ReadonlyMap<string, Listener> {
    return this.#proxy?.inner.listeners ?? new Map<string, Listener>();
  }

  #take(base: ResolvedConfig, { number, overrides, origin, rebuild }: wire.GenerationOrder): Promise<ReloadReport> {
    return withoutExit(this.#isLocal, async () => {
      const running = this.#proxy;
      if (running !== undefined)
        return running.take(() => ({ base, overrides, config: withOverrides(base, overrides), origin, dropped: [] }), rebuild);
      const began = performance.now();
      this.#shared.processes = base.workers;
      this.#proxy = await Proxy.start(
        base,
        { logger: this.logger, companion: adminElsewhere(() => this.#adminAddress), member: this.#member },
        overrides,
      );
      this.#live = new Live(this.#proxy, undefined);
      this.#follow(this.#proxy);
      return { generation: number, durationMs: Math.round(performance.now() - began), steps: [] };
    });
  }

  readonly #isLocal = (file: string): boolean => this.#loader?.files.has(file) === true;

  get #member(): MemberOfWorkers {
    return new MemberOfWorkers({
      number: this.number,
      first: this.first,
      shared: this.#shared,
      health: this.#health,
      neighbours: this.#neighbours,
      sockets: this.#sockets,
      step: () => {
        if (this.#step === undefined || this.#order === undefined) throw new Error("no generation is on its way");
        return { step: this.#step, generation: this.#order.number };
      },
    });
  }

  #follow(proxy: Proxy): void {
    proxy.inner.state.sessions.onLeft = this.#taken.changed;
    const { lifecycle, sessions } = proxy.inner.state.hub;
    lifecycle.subscribe((event) => {
      this.first().tell("event", packEvent(event));
    });
    sessions.subscribe((event) => {
      if (this.#tells) this.first().tell("event", packEvent(event));
    });
  }
}
