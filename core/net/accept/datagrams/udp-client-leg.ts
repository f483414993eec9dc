import type { RemoteInfo } from "node:dgram";
import { SluiceError, type LegReader, type SocketAddress } from "../../../contract/index.ts";
import { sendDirectly } from "../../node/direct-send.ts";
import type { TableEntry } from "./flow-table.ts";
import type { UdpPlace } from "./udp-places.ts";
import { DatagramLeg } from "../../legs/datagram-leg.ts";

/** Datagrams kept while the session is admitted and its upstream leg is opened. */
const EARLY_DATAGRAMS = 64;
const EARLY_BYTES = 256 * 1024;
const nothing = Buffer.alloc(0);

/** Sees datagrams before the reader gets them. */
export interface EarlyWatcher {
  /** @param at its position among the waiting datagrams */
  datagram(datagram: Buffer, at: number): void;
  gone(): void;
}

/** The peer of a flow. */
export interface UdpPeer {
  readonly client: SocketAddress;
  /** The peer's address, as Node reports it. */
  readonly to: RemoteInfo;
  /** The key of the flow among the peer's flows, where one peer sends for many clients. @default "" */
  readonly part?: string;
}

/** The table of flows, as one of them sees it. */
export interface UdpFlowHost {
  /** The sockets are closed, so nothing can be sent to clients any more. */
  readonly closed: boolean;
  /** Datagrams of the client that one flow takes. */
  readonly datagrams: number;
  /** Replies to each of them, after which a flow ends. */
  readonly replies: number;
  flowUsed(leg: UdpClientLeg): void;
  /** The flow has all its datagrams: the client's next one begins another flow. */
  flowFull(leg: UdpClientLeg): void;
  flowClosed(leg: UdpClientLeg): void;
}

/** Counts up, so that flows that are full have keys of their own. */
let fullFlows = 0;

/** The client's leg of a UDP session. All flows of a place share its socket. */
export class UdpClientLeg extends DatagramLeg implements TableEntry {
  /** Called with the number of dropped datagrams, when a client sends too many before its upstream leg is open. */
  onDropped: ((datagrams: number) => void) | undefined = undefined;
  before: TableEntry | undefined = undefined;
  after: TableEntry | undefined = undefined;
  usedAt: number | undefined = undefined;
  readonly client: SocketAddress;
  key: string;
  readonly #to: RemoteInfo;
  readonly #part: string;
  #reader: LegReader | undefined;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #watcher: EarlyWatcher | undefined;
  #ended: SluiceError | undefined;
  #received = 0;
  #replied = 0;
  #isFull = false;
  #isDone = false;

  constructor(
    public place: UdpPlace,
    { client, to, part = "" }: UdpPeer,
    private host: UdpFlowHost,
  ) {
    super();
    this.client = client;
    this.#to = to;
    this.#part = part;
    this.key = flowKey(place, client, part);
  }

  /** From now on another socket at the same address serves the flow. */
  moveTo(place: UdpPlace, host: UdpFlowHost): void {
    this.place = place;
    this.host = host;
    if (!this.#isFull) this.key = flowKey(place, this.client, this.#part);
  }

  /** From now on datagrams do not find it any more. Not while it is in the table. */
  detach(): void {
    this.#isFull = true;
    fullFlows += 1;
    this.key = `full ${fullFlows}`;
  }

  /** Whether a datagram belongs to this flow. */
  isOf(place: UdpPlace, { address, port }: RemoteInfo, part: string): boolean {
    return (
      place === this.place && part === this.#part && address === this.#to.address && port === this.#to.port && !this.closed && !this.#isFull
    );
  }

  /** A datagram from the client. */
  receive(datagram: Buffer): void {
    this.host.flowUsed(this);
    this.#received += 1;
    if (this.#received >= this.host.datagrams) this.host.flowFull(this);
    if (this.#reader !== undefined) this.#reader.data(datagram);
    else if (this.#early.length >= EARLY_DATAGRAMS || this.#earlyBytes + datagram.length > EARLY_BYTES) this.onDropped?.(1);
    else {
      this.#early.push(datagram);
      this.#earlyBytes += datagram.length;
      this.#watcher?.datagram(datagram, this.#early.length - 1);
    }
  }

  /** Shows a watcher the datagrams that wait and those that come, before the reader gets them. @param watcher undefined: ends that */
  watchEarly(watcher: EarlyWatcher | undefined): void {
    this.#watcher = watcher;
    for (let at = 0; at < this.#early.length && this.#watcher !== undefined; at += 1)
      this.#watcher.datagram(this.#early[at] ?? nothing, at);
  }

  /** Removes bytes from the beginning of a waiting datagram. */
  shorten(at: number, bytes: number): void {
    const datagram = this.#early[at];
    if (datagram !== undefined) this.#early[at] = datagram.subarray(bytes);
  }

  /** The listener gave the flow up. */
  evicted(error: SluiceError): void {
    if (this.closed) return;
    this.#ended = error;
    if (this.#reader === undefined) this.destroy();
    else this.#reader.failed(error);
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    if (this.#ended !== undefined) return void reader.failed(this.#ended);
    const early = this.#early;
    this.#early = [];
    for (const datagram of early) reader.data(datagram);
  }

  write(datagram: Buffer): boolean {
    if (this.closed || this.host.closed) return true;
    this.host.flowUsed(this);
    sendDirectly(this.place.socket, datagram, this.#to.port, this.#to.address);
    this.#replied += 1;
    if (this.#replied >= this.#received * this.host.replies) this.#hasReplies();
    return true;
  }

  /** Every datagram has its replies: the flow ends, once the write that brought the last one is over. A flow that may still take datagrams waits for them. */
  #hasReplies(): void {
    if (this.#isDone || (this.host.datagrams !== Infinity && !this.#isFull)) return;
    this.#isDone = true;
    queueMicrotask(() => this.#reader?.end());
  }

  protected release(): void {
    this.#early = [];
    this.#watcher?.gone();
    this.host.flowClosed(this);
  }
}

/** The key of a flow. A client that sends to several places has a flow at each; a peer that sends for many clients has a flow for each of them. */
export function flowKey({ prefix }: UdpPlace, client: SocketAddress, part: string): string {
  return part === "" ? `${prefix}${String(client)}` : `${prefix}${String(client)} ${part}`;
}
