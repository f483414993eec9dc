import { setTimeout as pause } from "node:timers/promises";
import type { Cleanup } from "./cleanup.ts";
import { startUdpClient, type UdpClient } from "./udp-client.ts";

const paceMs = 20;
const patienceMs = 5_000;
const count = 6;

/** UDP flows through a proxy of several workers; each is answered with `PID PORT`: who served it, and its port towards the upstream. */
export class FlowLoad {
  datagrams = 0;
  /** How often a flow had another port, or worker, than before, and the worker before was not killed. */
  moved = 0;
  /** Datagrams that nobody answered. */
  unanswered = 0;
  /** The worker that has the flows. */
  owner = 0;
  readonly #at = new Map<UdpClient, { readonly owner: number; readonly port: number }>();
  readonly #clients: Promise<void>[];
  #isStopped = false;

  private constructor(
    clients: readonly UdpClient[],
    private readonly killed: ReadonlySet<number>,
  ) {
    this.#clients = clients.map((client) => this.#run(client));
  }

  /** @param killed the workers that were, also later */
  static async start(cleanup: Cleanup, port: number, killed: ReadonlySet<number>): Promise<FlowLoad> {
    const clients = await Promise.all(Array.from({ length: count }, () => startUdpClient(cleanup, port)));
    return new FlowLoad(clients, killed);
  }

  /** The ports that the flows have towards the upstream. */
  get ports(): readonly number[] {
    return [...this.#at.values()].map(({ port }) => port);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
  }

  async #run(client: UdpClient): Promise<void> {
    while (!this.#isStopped) {
      try {
        const [owner = 0, port = 0] = String(await client.ask("x", patienceMs))
          .split(" ")
          .map(Number);
        this.datagrams += 1;
        this.owner = owner;
        this.#follow(client, { owner, port });
      } catch {
        this.unanswered += 1;
      }
      await pause(paceMs);
    }
  }

  #follow(client: UdpClient, now: { readonly owner: number; readonly port: number }): void {
    const before = this.#at.get(client);
    this.#at.set(client, now);
    if (before === undefined || this.killed.has(before.owner)) return;
    if (before.owner !== now.owner || before.port !== now.port) this.moved += 1;
  }
}
