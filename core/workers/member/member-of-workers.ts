import type { ResolvedConfig, Shared } from "../../contract/index.ts";
import { HandedAcceptor } from "../../net/accept/streams/handed-acceptor.ts";
import { transportOf } from "../../net/transports/table.ts";
import type { Bindings } from "../../runtime/listener/bind-listeners.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { Member, ShareStarts } from "../../runtime/proxy/member.ts";
import { rehearse } from "../../runtime/proxy/rehearse.ts";
import type { TrialFault } from "../../runtime/trial/trial-faults.ts";
import type { FirstCalls } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { AbsentAcceptor } from "./absent-acceptor.ts";
import type { GenerationStep } from "./generation-step.ts";
import type { HandedSockets } from "./handed-sockets.ts";
import type { HealthOfWorkers } from "./health-of-workers.ts";
import type { NeighboursOfWorkers } from "./neighbours-of-workers.ts";

/** The parts of a worker. */
export interface WorkerParts {
  readonly number: number;
  readonly first: () => Channel<FirstCalls>;
  readonly shared: Shared;
  readonly health: HealthOfWorkers;
  readonly neighbours: NeighboursOfWorkers;
  readonly sockets: HandedSockets;
  /** The generation that is being made, and its number. */
  readonly step: () => { readonly step: GenerationStep; readonly generation: number };
}

/** What this worker's proxy waits for: the first process, which decides for all workers. */
export class MemberOfWorkers implements Member {
  readonly worker: number;
  readonly shared: Shared;
  readonly health: HealthOfWorkers;
  readonly neighbours: NeighboursOfWorkers;

  constructor(private readonly parts: WorkerParts) {
    ({ number: this.worker, shared: this.shared, health: this.health, neighbours: this.neighbours } = parts);
  }

  get generation(): number {
    return this.parts.step().generation;
  }

  async bind(config: ResolvedConfig, running: ReadonlyMap<string, Listener>): Promise<Bindings> {
    const plan = await this.#step.planned();
    return this.parts.sockets.bind(config, running, plan);
  }

  async agreed(bindings: Bindings): Promise<void> {
    const own = Array.from(bindings.sockets).filter(
      ([, { bound }]) => !(bound instanceof HandedAcceptor || bound instanceof AbsentAcceptor),
    );
    await this.#step.decided(new Map(own.map(([name, { bound }]) => [name, bound.local])));
  }

  async tries(
    config: ResolvedConfig,
    running: ReadonlyMap<string, Listener>,
    listeners: readonly string[],
  ): Promise<ShareStarts | undefined> {
    const own = new Map([...running].filter(([, { bound, datagrams }]) => datagrams && !(bound instanceof AbsentAcceptor)));
    // The worker with the datagram sockets tries to bind them; the first process tries the others.
    if (own.size > 0) {
      const datagrams = config.listeners.filter(({ address }) => transportOf(address).datagrams);
      await rehearse({ ...config, listeners: datagrams }, own, {});
    }
    return this.#step.wanted(listeners);
  }

  tryTogether(): Promise<void> {
    return this.#step.tried();
  }

  fault(generation: number, fault: TrialFault): void {
    this.parts.first().tell("tried", generation, fault);
  }

  get #step(): GenerationStep {
    return this.parts.step().step;
  }
}
