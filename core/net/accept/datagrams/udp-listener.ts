import type { RemoteInfo } from "node:dgram";
import { addressText, SluiceError, socketAddress, type ListenAddress, type SocketAddress } from "../../../contract/index.ts";
import { tryDirectSend } from "../../node/direct-send.ts";
import { FlowTable } from "./flow-table.ts";
import { listenError } from "../../os-errors.ts";
import { restingSockets } from "../../node/resting-sockets.ts";
import { flowKey, UdpClientLeg, type UdpFlowHost } from "./udp-client-leg.ts";
import { UdpPlaces, type PlacesOwner, type UdpPlace } from "./udp-places.ts";
import { buffersOf } from "../../node/udp-socket.ts";
import type { BoundSocket, ClientHost, ListenOptions } from "../bound-socket.ts";
import { DatagramClient } from "./datagram-client.ts";

/**
 * The sockets of a UDP listener, and its table of flows: one flow per client address and port. When the table is full, the flow idle longest is
 * evicted.
 */
export class UdpListener implements BoundSocket, UdpFlowHost, PlacesOwner {
  closed = false;
  datagrams = Infinity;
  replies = Infinity;
  #host: ClientHost | undefined;
  readonly #flows = new FlowTable<UdpClientLeg>();
  /** The last flow for each client port. It is nearly always the right one, and is found without building a key. */
  readonly #byPort = new Map<number, UdpClientLeg>();
  #max: number;
  #idle: number;
  #flowOf: ListenOptions["flowOf"];
  #sweep: NodeJS.Timeout;

  private constructor(
    private places: UdpPlaces,
    private readonly at: ListenAddress,
    { max, idle, datagrams, replies }: ListenOptions,
  ) {
    this.#max = max;
    this.#idle = idle;
    this.#takeLimits(datagrams, replies);
    this.#sweep = this.#sweeper();
    places.owner = this;
    restingSockets.hold(this, max);
  }

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  static async bind(address: ListenAddress, name: string, options: ListenOptions): Promise<UdpListener> {
    await tryDirectSend();
    const places = await UdpPlaces.bind(address, buffersOf(options.socket)).catch((error: unknown) => {
      throw listenError(error, name, addressText(address));
    });
    return new UdpListener(places, { ...address, port: places.local.port }, options);
  }

  get local(): SocketAddress {
    return this.places.local;
  }

  /** Open flows. */
  get size(): number {
    return this.#flows.size;
  }

  accept(host: ClientHost): void {
    this.#host = host;
  }

  /** Sets other limits, for existing flows and for new ones. */
  configure({ max, idle, datagrams, replies, socket, flowOf }: ListenOptions): void {
    this.#flowOf = flowOf;
    this.#takeLimits(datagrams, replies);
    this.places.configure(buffersOf(socket));
    this.#max = max;
    if (!this.closed) restingSockets.hold(this, max);
    this.#evictDownTo(max);
    if (idle === this.#idle) return;
    this.#idle = idle;
    clearInterval(this.#sweep);
    this.#sweep = this.#sweeper();
  }

  /** Closes the sockets only. The owners of the legs end the flows, which takes time if there are many. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.#sweep);
    this.places.close();
    restingSockets.release(this);
  }

  async reopen(): Promise<void> {
    this.places = await UdpPlaces.bind(this.at, this.places.buffers);
    for (const leg of this.#flows.values()) this.#seat(leg);
    this.places.owner = this;
    this.#sweep = this.#sweeper();
    restingSockets.hold(this, this.#max);
    this.closed = false;
  }

  /** Flows at an address that is not served here end. */
  adopt(other: UdpListener): void {
    for (const leg of other.#flows.values()) {
      other.#flows.remove(leg);
      this.#seat(leg);
    }
    other.#byPort.clear();
  }

  /** Moves a flow to the socket at its address. */
  #seat(leg: UdpClientLeg): void {
    this.#flows.remove(leg);
    const place = this.places.all.find(({ address }) => address === leg.place.address);
    if (place === undefined)
      leg.evicted(new SluiceError("SLUICE_CLOSED", `${String(leg.client)}: ${leg.place.address} is no longer listened at`));
    else {
      leg.moveTo(place, this);
      this.#flows.add(leg);
    }
  }

  flowUsed(leg: UdpClientLeg): void {
    this.#flows.used(leg);
  }

  flowFull(leg: UdpClientLeg): void {
    this.flowClosed(leg);
    leg.detach();
    this.#flows.add(leg);
  }

  flowClosed(leg: UdpClientLeg): void {
    const { port } = leg.client;
    if (this.#byPort.get(port) === leg) this.#byPort.delete(port);
    this.#flows.remove(leg);
  }

  placeGone(place: UdpPlace): void {
    for (const leg of this.#flows.values()) {
      if (leg.place !== place) continue;
      this.#flows.remove(leg);
      leg.evicted(new SluiceError("SLUICE_CLOSED", `${String(leg.client)}: this machine no longer has the address ${place.address}`));
    }
  }

  received(place: UdpPlace, datagram: Buffer, from: RemoteInfo): void {
    // Port 0 is legal (RFC 768) but usually forged: nothing can be sent back to it, and Node throws if one tries.
    if (from.port === 0) return;
    const part = this.#flowOf === undefined ? "" : this.#flowOf(datagram, from);
    const recent = this.#byPort.get(from.port);
    if (recent !== undefined && recent.isOf(place, from, part)) {
      recent.receive(datagram);
      return;
    }
    const client = socketAddress(from.address, from.port, from.family);
    const known = this.#flows.get(flowKey(place, client, part));
    const leg = known ?? new UdpClientLeg(place, { client, to: from, part }, this);
    this.#byPort.set(from.port, leg);
    if (known === undefined) this.#begin(leg);
    leg.receive(datagram);
    if (known === undefined) this.#accept(leg);
  }

  /** Announces a new flow. Its leg already has the client's first datagram. */
  #accept(leg: UdpClientLeg): void {
    const host = this.#host;
    if (host === undefined) {
      leg.destroy();
      return;
    }
    const dropped = (datagrams: number): void => host.dropped(datagrams, "opening");
    leg.onDropped = dropped;
    host.accepted(new DatagramClient(leg));
  }

  /** One timer for all flows. A step that comes late makes flows live longer, never shorter. */
  #sweeper(): NodeJS.Timeout {
    const step = Math.max(10, Math.min(1000, this.#idle / 10));
    const steps = Math.ceil(this.#idle / step);
    const timer = setInterval(() => {
      for (const leg of this.#flows.sweep(steps))
        leg.evicted(new SluiceError("SLUICE_IDLE_TIMEOUT", `${String(leg.client)}: no datagram in time`));
    }, step);
    timer.unref();
    return timer;
  }

  #takeLimits(datagrams = Infinity, replies = Infinity): void {
    this.datagrams = datagrams;
    this.replies = replies;
  }

  #evictDownTo(max: number): void {
    while (this.#flows.size > max) {
      const leg = this.#flows.shift();
      leg?.evicted(new SluiceError("SLUICE_LIMIT_UDP_SESSIONS", `${String(leg.client)}: the flow idle longest made room for a new one`));
    }
  }

  #begin(leg: UdpClientLeg): void {
    this.#evictDownTo(this.#max - 1);
    this.#flows.add(leg);
  }
}
