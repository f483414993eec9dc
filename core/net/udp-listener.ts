import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";
import { addressText, socketAddress, type ListenAddress, type SocketAddress } from "../contract/index.ts";
import { tryDirectSend } from "./direct-send.ts";
import { listenError } from "./os-errors.ts";
import { UdpClientLeg, type UdpFlowHost } from "./udp-client-leg.ts";
import { noLookup, RECEIVE_BUFFER } from "./udp-socket.ts";

export interface UdpTableOptions {
  readonly max: number;
  /** Milliseconds without a datagram in either direction. */
  readonly idle: number;
}

/**
 * A bound UDP socket and its table of flows: one per client address and port, the one idle longest evicted when it is full. A datagram
 * only numbers its flow; the table's order and ages are brought up to date when they are asked for, on a sweep or before an eviction.
 */
export class UdpListener implements UdpFlowHost {
  /** A client that has no flow yet; the leg already holds its first datagram. */
  onFlow: (leg: UdpClientLeg) => void = (leg) => {
    leg.destroy();
  };
  turn = 0;
  closed = false;
  #flows: LRUCache<string, UdpClientLeg>;
  /** The flow last seen for a client's port: nearly always the one, and found without building a key. */
  readonly #byPort = new Map<number, UdpClientLeg>();
  #idle: number;
  #sweep: NodeJS.Timeout;

  private constructor(
    private readonly socket: Socket,
    readonly local: SocketAddress,
    options: UdpTableOptions,
  ) {
    this.#idle = options.idle;
    this.#flows = this.#table(options);
    this.#sweep = this.#sweeper();
    socket.on("message", (datagram, from) => {
      this.#receive(datagram, from);
    });
    // A send to a client that went away is reported here; the flow ends when idle.
    socket.on("error", () => undefined);
  }

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  static async bind(address: ListenAddress, name: string, options: UdpTableOptions): Promise<UdpListener> {
    await tryDirectSend();
    const socket = await bindSocket(address).catch((error: unknown) => {
      throw listenError(error, name, addressText(address));
    });
    const bound = socket.address();
    return new UdpListener(socket, socketAddress(bound.address, bound.port, bound.family === "IPv6" ? "IPv6" : "IPv4"), options);
  }

  /** Open flows. */
  get size(): number {
    return this.#flows.size;
  }

  /** Takes other limits for the flows there are and those to come. */
  configure(options: UdpTableOptions): void {
    if (options.max === this.#flows.max && options.idle === this.#idle) return;
    this.#refresh();
    const flows = [...this.#flows.entries()].toReversed();
    this.#idle = options.idle;
    clearInterval(this.#sweep);
    this.#sweep = this.#sweeper();
    this.#flows = this.#table(options);
    for (const [key, leg] of flows) this.#flows.set(key, leg);
  }

  /** Stops receiving at once. Its flows can send no more; who has their legs ends them, which takes as long as there are many. */
  close(): void {
    this.closed = true;
    clearInterval(this.#sweep);
    this.socket.close();
  }

  #table({ max, idle }: UdpTableOptions): LRUCache<string, UdpClientLeg> {
    return new LRUCache({
      max,
      ttl: Math.max(1, Math.round(idle)),
      ttlResolution: Math.max(1, Math.min(1000, idle / 20)),
      // Not `dispose`: that is called in the middle of a change of the table, and a leg that ends changes it again.
      disposeAfter: (leg, _key, reason) => {
        if (reason === "evict") leg.evicted("full");
        else if (reason === "expire") leg.evicted("idle");
      },
    });
  }

  flowClosed(leg: UdpClientLeg): void {
    const { port } = leg.client;
    if (this.#byPort.get(port) === leg) this.#byPort.delete(port);
    const key = String(leg.client);
    if (this.#flows.peek(key, { allowStale: true }) === leg) this.#flows.delete(key);
  }

  #sweeper(): NodeJS.Timeout {
    const sweep = (): void => {
      this.#refresh();
      this.#flows.purgeStale();
    };
    const timer = setInterval(sweep, Math.max(10, Math.min(1000, this.#idle / 10)));
    timer.unref();
    return timer;
  }

  /** Tells the table which flows were used since it was last told, the one used last at the end. */
  #refresh(): void {
    const used = Array.from(this.#flows.values()).filter((leg) => leg.used !== leg.refreshed);
    for (const leg of used.toSorted((a, b) => a.used - b.used)) {
      leg.refreshed = leg.used;
      this.#flows.set(String(leg.client), leg);
    }
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    // Legal (RFC 768) and forged as a rule: nothing can be sent back to it, and Node throws at the attempt.
    if (from.port === 0) return;
    const recent = this.#byPort.get(from.port);
    if (recent !== undefined && recent.isFrom(from)) {
      recent.receive(datagram);
      return;
    }
    const client = socketAddress(from.address, from.port, from.family);
    const known = this.#flows.get(String(client));
    const leg = known ?? new UdpClientLeg(this.socket, client, from, this);
    this.#byPort.set(from.port, leg);
    leg.receive(datagram);
    if (known !== undefined) return;
    if (this.#flows.size >= this.#flows.max) this.#refresh();
    this.#flows.set(String(client), leg);
    this.onFlow(leg);
  }
}

async function bindSocket({ host, port }: ListenAddress): Promise<Socket> {
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  const socket = createSocket({ type: isIPv6(address) ? "udp6" : "udp4", lookup: noLookup, recvBufferSize: RECEIVE_BUFFER });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port }, () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
