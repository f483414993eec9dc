import type { RemoteInfo, Socket } from "node:dgram";
import { SluiceError, type Leg, type LegReader, type SocketAddress } from "../contract/index.ts";
import { sendDirectly } from "./direct-send.ts";

/** Datagrams kept while the session is admitted and its upstream leg opened. */
const EARLY_DATAGRAMS = 64;
const EARLY_BYTES = 256 * 1024;

/** The table of flows, as one of them sees it. */
export interface UdpFlowHost {
  /** Counts the datagrams of all flows, to tell which flow was used last. */
  turn: number;
  /** The socket is gone, and with it every way back to a client. */
  readonly closed: boolean;
  flowClosed(leg: UdpClientLeg): void;
}

/** The client's leg of a UDP session: all flows of a listener share its socket. */
export class UdpClientLeg implements Leg {
  readonly datagrams = true;
  readonly borrows = false;
  readonly pending = 0;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  /** Told how many datagrams were dropped, when a client sends too many before its upstream leg is open. */
  onDropped: ((datagrams: number) => void) | undefined = undefined;
  /** The turn of its last datagram, and how much of that the table knows. */
  used = 0;
  refreshed = 0;
  #reader: LegReader | undefined;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #closed = false;
  #ended: SluiceError | undefined;

  constructor(
    private readonly socket: Socket,
    readonly client: SocketAddress,
    private readonly to: RemoteInfo,
    private readonly host: UdpFlowHost,
  ) {}

  /** Whether a datagram is of this flow. */
  isFrom({ address, port }: RemoteInfo): boolean {
    return address === this.to.address && port === this.to.port && !this.#closed;
  }

  /** A datagram from the client. */
  receive(datagram: Buffer): void {
    this.used = this.host.turn += 1;
    if (this.#reader !== undefined) this.#reader.data(datagram);
    else if (this.#early.length >= EARLY_DATAGRAMS || this.#earlyBytes + datagram.length > EARLY_BYTES) this.onDropped?.(1);
    else {
      this.#early.push(datagram);
      this.#earlyBytes += datagram.length;
    }
  }

  /** The table took the flow out. */
  evicted(why: "full" | "idle"): void {
    if (this.#closed) return;
    const error =
      why === "full"
        ? new SluiceError("SLUICE_LIMIT_UDP_SESSIONS", `${String(this.client)}: the flow idle longest made room for a new one`)
        : new SluiceError("SLUICE_IDLE_TIMEOUT", `${String(this.client)}: no datagram in time`);
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

  resume(): void {
    // Datagrams cannot be held back; the flow drops what it cannot take.
  }

  write(datagram: Buffer): boolean {
    if (this.#closed || this.host.closed) return true;
    this.used = this.host.turn += 1;
    sendDirectly(this.socket, datagram, this.to.port, this.to.address);
    return true;
  }

  end(): void {
    // UDP has no FIN.
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#early = [];
    this.host.flowClosed(this);
    queueMicrotask(() => this.onClosed?.());
  }
}
