import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { socketAddress, type ListenAddress, type SocketAddress } from "../../../contract/index.ts";
import { localAddresses, machineAddresses, type LocalAddress } from "./local-addresses.ts";
import { isWildcard } from "../../../contract/addresses/host-meeting.ts";
import { noLookup, setBuffers, type UdpBuffers } from "../../node/udp-socket.ts";

/** Milliseconds between two checks of the addresses of this machine. */
const LOOK_AGAIN = 5_000;
/** Ports that are tried, for port 0, until one is free at all addresses. */
const TRIES = 16;

/** A socket of a listener, at one address. */
export interface UdpPlace {
  readonly socket: Socket;
  readonly local: SocketAddress;
  /** The address in the form in which the machine lists it. */
  readonly address: string;
  /** The beginning of the keys of its flows: a client of several places has a flow at each. */
  readonly prefix: string;
}

/** The listener that the places belong to. */
export interface PlacesOwner {
  received(place: UdpPlace, datagram: Buffer, from: RemoteInfo): void;
  /** The place is gone, as the machine no longer has its address. */
  placeGone(place: UdpPlace): void;
}

/**
 * The sockets of a UDP listener, one for each of its addresses. An answer must come from the address that the client sent to (RFC 2181 section 4.1),
 * and Node does not report that address for a socket that is bound to a wildcard.
 */
export class UdpPlaces {
  readonly local: SocketAddress;
  owner: PlacesOwner | undefined;
  readonly #places = new Map<string, UdpPlace>();
  #looks: NodeJS.Timeout | undefined;

  private constructor(
    places: readonly UdpPlace[],
    private readonly wildcard: string | undefined,
    public buffers: UdpBuffers,
  ) {
    for (const place of places) this.#add(place);
    const { address, port, family } = places[0]?.local ?? socketAddress("", 0, "IPv4");
    this.local =
      wildcard === undefined ? socketAddress(address, port, family) : socketAddress(wildcard, port, isIPv6(wildcard) ? "IPv6" : "IPv4");
    if (wildcard === undefined) return;
    this.#looks = setInterval(() => void this.#lookAgain(), LOOK_AGAIN);
    this.#looks.unref();
  }

  /** Rejects with the operating system's error; then nothing stays bound. */
  static async bind({ host, port }: Pick<ListenAddress, "host" | "port">, buffers: UdpBuffers): Promise<UdpPlaces> {
    const addresses = await localAddresses(host);
    const wildcard = isWildcard(host) ? host : undefined;
    const places = await bindAll(addresses, port, buffers, wildcard !== undefined);
    return new UdpPlaces(places, wildcard, buffers);
  }

  /** In the order in which they were bound. */
  get all(): readonly UdpPlace[] {
    return [...this.#places.values()];
  }

  /** Sets other buffer sizes, for existing sockets and for new ones. */
  configure(buffers: UdpBuffers): void {
    this.buffers = buffers;
    for (const { socket } of this.all) setBuffers(socket, buffers);
  }

  close(): void {
    clearInterval(this.#looks);
    this.#looks = undefined;
    for (const { socket } of this.all) socket.close();
    this.#places.clear();
  }

  #add(place: UdpPlace): void {
    this.#places.set(place.address, place);
    place.socket.on("message", (datagram, from) => {
      this.owner?.received(place, datagram, from);
    });
    // A send to a client that is gone is reported here; its flow ends when it is idle.
    place.socket.on("error", () => undefined);
  }

  /** Adds and removes places for the machine's addresses that have come or gone. */
  async #lookAgain(): Promise<void> {
    const now = machineAddresses(this.wildcard ?? "");
    if (now instanceof Error) return;
    const listed = new Set(now.map(({ address }) => address));
    for (const [address, place] of this.#places) {
      if (listed.has(address)) continue;
      this.#places.delete(address);
      place.socket.close();
      this.owner?.placeGone(place);
    }
    for (const { address } of now.filter((each) => !each.optional && !this.#places.has(each.address))) {
      // oxlint-disable-next-line no-await-in-loop -- seldom more than one
      const socket = await bindSocket(address, this.local.port, this.buffers).catch(() => undefined);
      if (socket === undefined) continue;
      // The listener was closed meanwhile.
      if (this.#looks === undefined) socket.close();
      else this.#add(placeOf(socket, address, true));
    }
  }
}

async function bindAll(addresses: readonly LocalAddress[], port: number, buffers: UdpBuffers, listed: boolean): Promise<UdpPlace[]> {
  for (let left = port === 0 ? TRIES : 1; ; left -= 1) {
    const places: UdpPlace[] = [];
    try {
      // One after the other: the first decides on the port.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for (const address of addresses) await bindNext(places, address, { port, buffers, listed, several: addresses.length > 1 });
      return places;
    } catch (error) {
      for (const { socket } of places) socket.close();
      if (left <= 1 || codeOf(error) !== "EADDRINUSE") throw error;
    }
  }
}

interface Binding {
  /** 0: the first place takes any free port, and the others take the same port. */
  readonly port: number;
  readonly buffers: UdpBuffers;
  readonly listed: boolean;
  readonly several: boolean;
}

/** Adds a place. */
async function bindNext(
  places: UdpPlace[],
  { address, optional }: LocalAddress,
  { port, buffers, listed, several }: Binding,
): Promise<void> {
  try {
    const socket = await bindSocket(address, port === 0 ? (places[0]?.local.port ?? 0) : port, buffers);
    places.push(placeOf(socket, address, several));
  } catch (error) {
    // A listed address may be gone again, or not be ready yet (RFC 4862 section 5.4).
    if (!optional && !(listed && codeOf(error) === "EADDRNOTAVAIL")) throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function placeOf(socket: Socket, listed: string, several: boolean): UdpPlace {
  const { address, port, family } = socket.address();
  return {
    socket,
    local: socketAddress(address, port, family === "IPv6" ? "IPv6" : "IPv4"),
    address: listed,
    prefix: several ? `${listed} ` : "",
  };
}

function bindSocket(address: string, port: number, buffers: UdpBuffers): Promise<Socket> {
  const six = isIPv6(address);
  const socket = createSocket({ type: six ? "udp6" : "udp4", lookup: noLookup, ipv6Only: six });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    // `exclusive`: not a socket that Node's cluster shares, as all datagrams of a client have to come to one process.
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject);
      setBuffers(socket, buffers);
      resolve(socket);
    });
  });
}
