import inspector from "node:inspector";
import type { Override, ResolvedConfig } from "../../contract/index.ts";
import type { Threshold } from "../../contract/config/log-level.ts";
import { useTicketKeys } from "../../net/accept/tls/ticket-keys.ts";
import type { AgreedStanding } from "../../net/balance/endpoints/health-peers.ts";
import { closeConnection, type Connection } from "../../net/node/raw-accept.ts";
import { createLogger } from "../../runtime/log/logger.ts";
import { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Elsewhere } from "../../runtime/state/neighbours.ts";
import type * as wire from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { AbsentAcceptor } from "./absent-acceptor.ts";
import { adminElsewhere } from "./admin-elsewhere.ts";
import { GenerationOrders } from "./generation-orders.ts";
import { HandedSockets } from "./handed-sockets.ts";
import { HealthOfWorkers } from "./health-of-workers.ts";
import { MemberOfWorkers } from "./member-of-workers.ts";
import { NeighboursOfWorkers } from "./neighbours-of-workers.ts";
import { OwnProxy } from "./own-proxy.ts";
import { Questions } from "./questions.ts";
import { SavesOfWorker } from "./saves-of-worker.ts";
import { SharedOfWorkers } from "./shared-of-workers.ts";
import { takeOver } from "./take-over.ts";
import { TakenReport } from "./taken-report.ts";

type OwnCalls = Omit<wire.WorkerCalls, keyof wire.GenerationCalls | keyof wire.QuestionCalls>;

/** One of the processes that serve. It does what the first process tells it, and decides nothing itself. */
export class Worker implements OwnCalls {
  readonly logger;
  readonly saves: SavesOfWorker;
  readonly orders: GenerationOrders;
  readonly questions: Questions;
  readonly #own = new OwnProxy();
  readonly #threshold: { level: Threshold["level"] } = { level: "info" };
  readonly #sockets = new HandedSockets();
  readonly #taken: TakenReport;
  readonly #shared: SharedOfWorkers;
  readonly #health: HealthOfWorkers;
  readonly #neighbours: NeighboursOfWorkers;
  #isLeaving = false;

  /** @param number which worker this is */
  constructor(
    private readonly first: () => Channel<wire.FirstCalls>,
    private readonly number: number,
  ) {
    this.saves = new SavesOfWorker(number);
    this.questions = new Questions(this.#own, this.saves, first);
    this.#shared = new SharedOfWorkers(first);
    this.#health = new HealthOfWorkers(first);
    this.#taken = new TakenReport((count) => {
      first().tell("taken", count, this.#neighbours.report(this.questions.open().streams));
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
    this.orders = new GenerationOrders({
      own: this.#own,
      threshold: this.#threshold,
      start: (base, overrides) => this.#start(base, overrides),
      planned: ({ ownsDatagrams }) => {
        this.#health.checks = ownsDatagrams;
      },
      committed: (plan) => {
        this.#sockets.keepOnly(plan);
        this.#neighbours.follow(this.#own.listeners.values());
        this.#taken.changed();
      },
    });
  }

  answer(): void {
    this.first().tell("answered", process.features.inspector && inspector.url() !== undefined);
  }

  async takeDatagrams(places: wire.Addresses): Promise<void> {
    const { proxy } = this.#own.live;
    this.#health.checks = true;
    proxy.inner.state.checks.begin();
    const { config } = proxy.steering;
    for (const listener of this.#own.listeners.values())
      if (config !== undefined && listener.bound instanceof AbsentAcceptor) await takeOver(listener, config, places.get(listener.name));
  }

  connection(socket: number, elsewhere: Elsewhere, connection: Connection): void {
    if (this.#isLeaving) {
      // The first process has it too, and gives it to another worker.
      closeConnection(connection);
      return;
    }
    this.#taken.one();
    this.#neighbours.beside(elsewhere, () => {
      this.#sockets.take(socket, connection);
    });
  }

  ticketKeys(keys: Uint8Array): void {
    useTicketKeys(keys);
  }

  standing(standing: AgreedStanding): void {
    this.#health.agreed.next(standing);
  }

  async close(drain: number): Promise<void> {
    await this.#own.proxy?.close({ drain });
    this.saves.leave();
  }

  /** After an error in the core, whose state is then unknown: the worker is replaced, drains and ends. */
  async fail(): Promise<void> {
    this.#isLeaving = true;
    for (const listener of this.#own.listeners.values()) if (listener.datagrams) listener.leave();
    this.first().tell("leaving");
    await this.close(this.#own.proxy?.timeouts.drain ?? 0);
    process.exit(1);
  }

  async #start(base: ResolvedConfig, overrides: readonly Override[]): Promise<Proxy> {
    this.#shared.processes = base.workers;
    const member = new MemberOfWorkers({
      number: this.number,
      first: this.first,
      shared: this.#shared,
      health: this.#health,
      neighbours: this.#neighbours,
      sockets: this.#sockets,
      step: () => this.orders.underWay,
    });
    const companion = adminElsewhere(() => this.orders.adminAddress);
    const proxy = await Proxy.start(base, { logger: this.logger, companion, member }, overrides);
    proxy.inner.state.sessions.onLeft = this.#taken.changed;
    this.questions.follow(proxy);
    return proxy;
  }
}
