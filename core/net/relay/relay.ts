import { isIP } from "node:net";
import { LRUCache } from "lru-cache";
import {
  socketAddress,
  type DatagramRelay,
  type DatagramRelayOptions,
  type DatagramTarget,
  type RelayRecord,
  type SocketAddress,
} from "../../contract/index.ts";
import { canonicalHost } from "../../contract/addresses/host-meeting.ts";
import { bindError } from "../os-errors.ts";
import { restingSockets } from "../node/resting-sockets.ts";
import { OutwardSockets } from "./outward-sockets.ts";
import { RelayedTraffic } from "./relayed-traffic.ts";
import { RelaySocket } from "./relay-socket.ts";
import { RelayTarget, type TargetHost } from "./relay-target.ts";
import type { RelayWay } from "./relay-way.ts";

/** Targets that one relay sends to at the same time; for a further one, the target unused longest is forgotten. */
const TARGETS = 256;
/** Datagrams of all targets together that may wait for look-ups of names. */
const WAITING = 64;
const WAITING_BYTES = 256 * 1024;
/** Targets that a record names at most. */
const RECORDED = 100;
const REASONS = 16;

/** The session that a relay belongs to. */
export interface RelayOwner {
  readonly client: SocketAddress;
  /** The listener's own address. */
  readonly local: SocketAddress;
  /** A function, since a reload may change it. */
  readonly way: () => RelayWay;
  /** Datagrams were dropped. */
  readonly dropped: (datagrams: number) => void;
}

/**
 * Relays datagrams between one client and many targets: the client has a socket to send to, and other sockets send to the targets and take their
 * answers.
 */
export class Relay implements DatagramRelay, TargetHost {
  readonly fromClient = new RelayedTraffic();
  readonly fromUpstream = new RelayedTraffic();
  readonly #targets: LRUCache<string, RelayTarget>;
  /** Addresses and ports that datagrams were sent to. */
  readonly #known: LRUCache<string, SocketAddress>;
  readonly #named = new Set<string>();
  readonly #dropped = new Map<string, number>();
  readonly #outward = new OutwardSockets(
    () => this.owner.way().buffers,
    (datagram, from) => this.#targetSent(datagram, from),
  );
  #clientPort: number;
  #waiting = 0;
  #waitingBytes = 0;
  #isClosed = false;

  private constructor(
    private readonly owner: RelayOwner,
    private readonly options: DatagramRelayOptions,
    private readonly near: RelaySocket,
    readonly local: SocketAddress,
  ) {
    this.#clientPort = options.clientPort ?? 0;
    const ttl = Math.max(1, Math.ceil(owner.way().idle));
    const lasting = { max: TARGETS, ttl, updateAgeOnGet: true, ttlResolution: 0 };
    this.#targets = new LRUCache({ ...lasting, dispose: (target) => target.close() });
    this.#known = new LRUCache(lasting);
    restingSockets.hold(this, 2);
  }

  /** Rejects with SLUICE_ADDRESS_UNAVAILABLE and the like where its socket cannot be bound. */
  static async open(owner: RelayOwner, options: DatagramRelayOptions): Promise<Relay> {
    const { address, family } = owner.local;
    let relay: Relay | undefined;
    try {
      const near = await RelaySocket.bind({
        family: family === "IPv6" ? 6 : 4,
        address,
        buffers: owner.way().buffers,
        read: (datagram, from) => {
          if (relay !== undefined) relay.#clientSent(datagram, from);
        },
      });
      relay = new Relay(owner, options, near, near.local);
      return relay;
    } catch (error) {
      throw bindError(error, `no UDP socket could be bound at ${address} for the datagrams of ${String(owner.client)}`);
    }
  }

  get chunks(): number {
    return this.fromClient.chunks + this.fromUpstream.chunks;
  }

  record(): RelayRecord {
    return { targets: [...this.#named], dropped: Object.fromEntries(this.#dropped) };
  }

  toClient(datagram: Buffer): void {
    if (this.#isClosed) return;
    if (this.#clientPort === 0) this.drop("no client yet");
    else if (this.near.send(datagram, this.#clientPort, this.owner.client.address)) this.fromUpstream.went(datagram);
    else this.drop("queue");
  }

  toTarget(datagram: Buffer, { host, port }: DatagramTarget): void {
    if (this.#isClosed) return;
    // In the form in which Node reports the address of an answer.
    const target = { host: canonicalHost(host), port };
    const key = textOf(target);
    let known = this.#targets.get(key);
    if (known === undefined) {
      known = new RelayTarget(target, this);
      this.#targets.set(key, known);
      if (this.#named.size < RECORDED) this.#named.add(key);
    }
    known.write(datagram);
  }

  drop(why: string, datagrams = 1): void {
    if (datagrams === 0 || this.#isClosed) return;
    const reason = this.#dropped.has(why) || this.#dropped.size < REASONS ? why : "other";
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + datagrams);
    this.owner.dropped(datagrams);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#targets.clear();
    this.#isClosed = true;
    this.near.socket.close();
    this.#outward.close();
    restingSockets.release(this);
  }

  way(): RelayWay {
    return this.owner.way();
  }

  permits(address: string, target: DatagramTarget): boolean {
    const refusal = this.owner.way().refuse(address, target.port) ?? this.options.refuse?.(address, target);
    return refusal === undefined;
  }

  keeps({ length }: Buffer): boolean {
    if (this.#waiting >= WAITING || this.#waitingBytes + length > WAITING_BYTES) return false;
    this.#waiting += 1;
    this.#waitingBytes += length;
    return true;
  }

  released({ length }: Buffer): void {
    this.#waiting -= 1;
    this.#waitingBytes -= length;
  }

  send(datagram: Buffer, address: string, port: number): void {
    const family = isIP(address) === 6 ? 6 : 4;
    const to = socketAddress(address, port, family === 6 ? "IPv6" : "IPv4");
    const socket = this.#outward.of(family);
    if (socket instanceof RelaySocket) this.#sendBy(socket, datagram, to);
    // Binding takes one turn of the event loop, so few datagrams come meanwhile.
    else void socket.then((open) => (open === undefined ? this.drop("no socket") : this.#sendBy(open, datagram, to)));
  }

  /** A datagram has come at the client's socket. */
  #clientSent(datagram: Buffer, { address, port }: SocketAddress): void {
    if (this.#isClosed) return;
    if (address !== this.owner.client.address || (this.#clientPort !== 0 && port !== this.#clientPort)) {
      this.drop("stranger");
      return;
    }
    this.#clientPort = port;
    this.fromClient.came(datagram);
    this.options.fromClient(datagram, this);
  }

  #sendBy(socket: RelaySocket, datagram: Buffer, to: SocketAddress): void {
    if (this.#isClosed) return;
    this.#known.set(String(to), to);
    if (socket.send(datagram, to.port, to.address)) this.fromClient.went(datagram);
    else this.drop("queue");
  }

  #targetSent(datagram: Buffer, from: SocketAddress): void {
    if (this.#isClosed) return;
    const known = this.#known.get(String(from));
    if (known === undefined) {
      this.drop("stranger");
      return;
    }
    this.fromUpstream.came(datagram);
    this.options.fromTarget(datagram, known, this);
  }
}

function textOf({ host, port }: DatagramTarget): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
