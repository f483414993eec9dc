import { setTimeout as pause } from "node:timers/promises";
import type { Cleanup } from "./cleanup.ts";
import { startUdpClient, type UdpClient } from "./udp-client.ts";

const paceMs = 20;
const patienceMs = 5_000;
const count = 6;

/** UDP flows through a proxy of several workers; each is answered with `PID PORT`: who served it, and its port towards the upstream. */
export class FlowLoad {
  datagrams = 0;
  /** How often a flow had another port than before. */
  moved = 0;
  /** Datagrams that nobody answered. */
  unanswered = 0;
  /** The worker that has the flows. */
  owner = 0;
  readonly #ports = new Map<UdpClient, number>();
  readonly #clients: Promise<void>[];
  #isStopped = false;

  private constructor(clients: readonly UdpClient[]) {
    this.#clients = clients.map((client) => this.#run(client));
  }

  static async start(cleanup: Cleanup, port: number): Promise<FlowLoad> {
    const clients = await Promise.all(Array.from({ length: count }, () => startUdpClient(cleanup, port)));
    return new FlowLoad(clients);
  }

  /** The ports that the flows have towards the upstream. */
  get ports(): readonly number[] {
    return [...this.#ports.values()];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
  }

  async #run(client: UdpClient): Promise<void> {
    while (!this.#isStopped) {
      try {
        const [owner, port] = String(await client.ask("x", patienceMs)).split(" ");
        this.datagrams += 1;
        this.owner = Number(owner);
        const before = this.#ports.get(client);
        if (before !== undefined && before !== Number(port)) this.moved += 1;
        this.#ports.set(client, Number(port));
      } catch {
        this.unanswered += 1;
      }
      await pause(paceMs);
    }
  }
}
