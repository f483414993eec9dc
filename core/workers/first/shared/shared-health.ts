import type { AgreedStanding, EndpointStanding } from "../../../net/balance/endpoints/health-peers.ts";
import type { ToldWorker } from "./told-worker.ts";

interface ListenerStandings {
  /** How often endpoints of the listener have been put out. */
  version: number;
  readonly standings: Map<string, EndpointStanding>;
}

/** Endpoints that are remembered. */
const MOST = 10_000;

/** Which endpoints are out, for all workers (ADR 0053). It puts the workers' reports into one order. */
export class SharedHealth {
  readonly #listeners = new Map<string, ListenerStandings>();

  constructor(private readonly workers: () => readonly ToldWorker[]) {}

  /**
   * A worker asks to put an endpoint out. Two requests at once could put out too many: a request that was made without knowing the newest version is
   * ignored.
   *
   * @returns the newest version
   */
  eject(from: ToldWorker, standing: EndpointStanding, seen: number): number {
    const listener = this.#of(standing.listener);
    if (seen !== listener.version) return listener.version;
    listener.version += 1;
    this.#note(listener, standing);
    for (const worker of this.workers()) this.#send(worker, standing, listener.version, worker === from);
    return listener.version;
  }

  /** A worker has reported a standing: the others get it. */
  tell(from: ToldWorker, standing: EndpointStanding): void {
    const listener = this.#of(standing.listener);
    this.#note(listener, standing);
    for (const worker of this.workers()) if (worker !== from) this.#send(worker, standing, listener.version, false);
  }

  forget(listener: string, endpoint: string): void {
    const { standings } = this.#of(listener);
    for (const what of ["ejected", "unfit"] as const) standings.delete(keyOf({ endpoint, what }));
  }

  /** Sends all current standings to a new worker. */
  greet(worker: ToldWorker): void {
    for (const { version, standings } of this.#listeners.values())
      for (const standing of standings.values())
        if ((standing.outage?.until ?? Infinity) > Date.now()) this.#send(worker, standing, version, false);
  }

  #send(worker: ToldWorker, standing: EndpointStanding, version: number, own: boolean): void {
    const agreed: AgreedStanding = { ...standing, version, own };
    worker.channel.tell("standing", agreed);
  }

  #note({ standings }: ListenerStandings, standing: EndpointStanding): void {
    if (standing.outage === undefined) standings.delete(keyOf(standing));
    else if (standings.size < MOST) standings.set(keyOf(standing), standing);
  }

  #of(listener: string): ListenerStandings {
    const known = this.#listeners.get(listener);
    if (known !== undefined) return known;
    const fresh: ListenerStandings = { version: 0, standings: new Map() };
    this.#listeners.set(listener, fresh);
    return fresh;
  }
}

function keyOf({ endpoint, what }: Pick<EndpointStanding, "endpoint" | "what">): string {
  return `${what} ${endpoint}`;
}
