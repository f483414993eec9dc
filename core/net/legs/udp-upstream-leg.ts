import { createSocket, type Socket } from "node:dgram";
import { SluiceError, type LegReader } from "../../contract/index.ts";
import { sendDirectly } from "../node/direct-send.ts";
import { restingSockets } from "../node/resting-sockets.ts";
import { noLookup, setBuffers, type UdpBuffers } from "../node/udp-socket.ts";
import { DatagramLeg } from "./datagram-leg.ts";

/** Bytes that may wait in the sending queue before datagrams are dropped, as a full kernel buffer would. */
const SEND_QUEUE = 1024 * 1024;
/** The length of the queue is checked once in so many sends. */
const LOOK_EVERY = 32;

/**
 * The upstream leg of a UDP session: a connected socket of its own, so that replies find their client and the kernel filters strangers.
 * ICMP reports an unreachable upstream; that loses the datagram, but never ends the session, which works again when the upstream is back.
 */
export class UdpUpstreamLeg extends DatagramLeg {
  #sends = 0;
  #reader: LegReader | undefined;
  #isReplaced = false;

  constructor(
    private readonly socket: Socket,
    private readonly watcher: UdpWatcher,
    /** Put in front of each datagram. */ private readonly prefix?: Buffer,
  ) {
    super();
    restingSockets.opened();
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.socket.on("message", (datagram) => {
      reader.data(datagram);
    });
  }

  write(datagram: Buffer): boolean {
    if (this.closed) return true;
    this.#sends += 1;
    if (this.#sends % LOOK_EVERY === 0 && this.socket.getSendQueueSize() > SEND_QUEUE) return true;
    if (!sendDirectly(this.socket, this.prefix === undefined ? datagram : Buffer.concat([this.prefix, datagram]))) this.refused();
    return true;
  }

  replaced(): void {
    this.#isReplaced = true;
  }

  /** ICMP reported that nobody receives on that port. */ refused(): void {
    this.watcher.refused();
    if (this.#isReplaced && !this.closed) this.#reader?.failed(goneAfterReload());
  }

  /** Its endpoint is down: the reader gets the error. */
  sever(error: SluiceError): void {
    this.#reader?.failed(error);
  }

  /** It does not keep the process alive. */
  unref(): void {
    this.socket.unref();
  }

  protected release(): void {
    this.watcher.released();
    restingSockets.left();
    // No late reply can come to a socket that sent nothing.
    if (this.#sends === 0) this.socket.close();
    else restingSockets.rest(this.socket);
  }
}

/** The address that a socket is to be connected to. */
export interface UdpTarget {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly buffers: UdpBuffers;
  /** The local address to send from. */
  readonly bind?: string | undefined;
  /** Put in front of each datagram. */ readonly prefix?: Buffer | undefined;
}

/** The opener of a leg, which is told what happens to it. */
export interface UdpWatcher {
  /** The leg is open. Either this or `failed` is called, once. */
  dialled(leg: UdpUpstreamLeg): void;
  /** The leg could not be opened. @param error of the operating system */
  failed(error: Error): void;
  /** The first datagram came. */
  heard(): void;
  /** ICMP reported that nobody receives on that port. */ refused(): void;
  /** The leg is no longer used; its socket may still rest. Called once. */
  released(): void;
}

/** Opens a leg whose socket is connected to an address. */
export function dialUdp({ address, family, port, buffers, bind, prefix }: UdpTarget, watcher: UdpWatcher): void {
  if (!restingSockets.admits()) {
    watcher.failed(noneLeft());
    return;
  }
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", lookup: noLookup });
  const leg = new UdpUpstreamLeg(socket, watcher, prefix);
  let open = false;
  socket.once("message", () => {
    watcher.heard();
  });
  socket.on("error", (error) => {
    if (open) leg.refused();
    else {
      leg.destroy();
      watcher.failed(error);
    }
  });
  const connect = (): void => {
    socket.connect(port, address, () => {
      open = true;
      setBuffers(socket, buffers);
      watcher.dialled(leg);
    });
  };
  // `exclusive`: in a cluster too the socket belongs to this process alone.
  if (bind === undefined) connect();
  else socket.bind({ address: bind, port: 0, exclusive: true }, connect);
}

/** Ends a flow whose upstream a reload replaced. The client's next datagram begins another flow, to the new upstream. */
export function goneAfterReload(): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_REFUSED", "nobody listens there any more (ICMP), and a reload has replaced the upstream");
}

/** The error that the operating system would report for too many open sockets. */
function noneLeft(): Error {
  return Object.assign(new Error("no upstream socket is left for another datagram flow"), { code: "EMFILE", syscall: "connect" });
}
