import { hostsMeet, type Meeting } from "../../contract/addresses/host-meeting.ts";
import type { ListenAddress, ResolvedListener } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";
import { settledPath } from "../../net/accept/listen-host.ts";

/** What decides about a socket: the address that a config asks for, and the name it asks under. */
export interface WantedSocket extends Pick<ResolvedListener, "name" | "address"> {
  /** It does not belong to a listener: no listener can get its socket as it is, and it cannot get the socket of a listener. */
  readonly isBeside?: true;
}

/** A running listener, as the next config sees it. */
export interface SocketHolder<W extends WantedSocket = WantedSocket> {
  readonly config: W;
  /** The bound address: its host is an IP address, its port never 0. */
  readonly bound: ListenAddress;
}

/** Where a listener of the next config, or what stands beside them, gets its socket from. If all are empty, its address is bound newly. */
export interface Claim<H extends SocketHolder> {
  /** The running listener of the same name that goes on, with its sessions. */
  readonly goesOn: H | undefined;
  /** The running listener whose socket it gets as it is. */
  readonly socketOf: H | undefined;
  /** Running listeners whose sockets are in the way and have to be closed. */
  readonly inTheWay: readonly H[];
}

/**
 * Decides what happens to the bound sockets. A socket whose address stays the same, in any way of writing it, is never bound again. A socket that
 * overlaps a new address makes room for it, and so does one that cannot be handed over. A listener that keeps its name and its transport goes on.
 */
export function claimSockets<H extends SocketHolder>(running: readonly H[], next: readonly WantedSocket[]): ReadonlyMap<string, Claim<H>> {
  const free = new Set(running);
  const given = new Map<string, H>();
  const give = (listener: WantedSocket, among: Iterable<H>): void => {
    for (const holder of among) {
      if (!free.has(holder) || !sameKind(holder, listener) || meeting(holder, listener) !== "same") continue;
      given.set(listener.name, holder);
      free.delete(holder);
      return;
    }
  };
  // A listener's own socket is preferred to another's. It is found by name, as most listeners keep theirs, and comparing each with each would take
  // long with a thousand of them.
  const byName = new Map(running.map((holder) => [holder.config.name, holder]));
  for (const listener of next)
    give(
      listener,
      [byName.get(listener.name)].filter((holder) => holder !== undefined),
    );
  for (const listener of next) if (!given.has(listener.name)) give(listener, free);
  return new Map(
    next.map((listener) => {
      const socketOf = given.get(listener.name);
      const inTheWay = socketOf === undefined ? [...free].filter((holder) => isInTheWay(holder, listener)) : [];
      const goesOn = [...inTheWay, socketOf].find((holder) => holder !== undefined && isSuccessor(holder, listener));
      return [listener.name, { goesOn, socketOf, inTheWay }];
    }),
  );
}

/**
 * The address to bind for a listener. If both it and its predecessor ask for any free port and the addresses overlap, the new one gets the
 * predecessor's port.
 */
export function placeOf(listener: WantedSocket, { goesOn }: Claim<SocketHolder>): ListenAddress {
  const { address } = listener;
  return address.port === 0 && goesOn !== undefined ? { ...address, port: goesOn.bound.port } : address;
}

function isSuccessor({ config }: SocketHolder, next: WantedSocket): boolean {
  return config.name === next.name && config.address.transport === next.address.transport;
}

function sameKind({ config }: SocketHolder, next: WantedSocket): boolean {
  return config.isBeside === next.isBeside;
}

function isInTheWay(holder: SocketHolder, next: WantedSocket): boolean {
  const met = meeting(holder, next);
  return met === "overlap" || (met === "same" && !sameKind(holder, next));
}

function meeting({ config, bound }: SocketHolder, { name, address }: WantedSocket): Meeting {
  if (transportOf(bound).space !== transportOf(address).space) return "apart";
  if (address.path !== undefined) return samePath(bound, address) ? "same" : "apart";
  // Port 0 means the port of the listener of the same name, and of no other.
  const port = address.port === 0 && config.address.port === 0 && config.name === name ? bound.port : address.port;
  if (bound.port !== port) return "apart";
  if (config.address.host === address.host) return "same";
  return hostsMeeting(config.address, bound, address);
}

function hostsMeeting(before: ListenAddress, bound: ListenAddress, address: ListenAddress): Meeting {
  const met = hostsMeet(bound.host, hostOf(address, bound));
  if (!transportOf(bound).everyAddress || !(isName(before) || isName(address))) return met;
  // A name may have several addresses, and the listener is bound to all of them.
  return met !== "apart" || (isLoopback(bound) && isLoopback(address)) ? "overlap" : "apart";
}

/** The host to compare. `localhost` may be either loopback address; if it has not been looked up yet, it is the one that is bound. */
function hostOf({ host }: ListenAddress, bound: ListenAddress): string {
  if (host !== "localhost") return host;
  return bound.host === "::1" ? "::1" : "127.0.0.1";
}

function samePath(one: ListenAddress, other: ListenAddress): boolean {
  return one.path !== undefined && other.path !== undefined && settledPath(one.path) === settledPath(other.path);
}

function isName({ host }: ListenAddress): boolean {
  return host === "localhost";
}

function isLoopback({ host }: ListenAddress): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
