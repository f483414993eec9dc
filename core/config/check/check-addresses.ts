import { normalize } from "node:path";
import { isIPv4 } from "../../contract/addresses/endpoint.ts";
import { canonicalHost, hostsMeet, isWildcard } from "../../contract/addresses/host-meeting.ts";
import type { Problem } from "../../contract/options/describe-issues.ts";
import {
  addressText,
  schemeOf,
  type Endpoint,
  type ListenAddress,
  type ListenScheme,
  type ResolvedListener,
} from "../../contract/index.ts";

export function clash(a: ListenAddress, b: ListenAddress, schemes: readonly ListenScheme[]): boolean {
  if (schemeOf(a, schemes).space !== schemeOf(b, schemes).space) return false;
  if (a.path !== undefined || b.path !== undefined)
    return a.path !== undefined && b.path !== undefined && normalize(a.path) === normalize(b.path);
  if (a.port !== b.port || a.port === 0) return false;
  return hostsMeet(a.host, b.host) !== "apart";
}

/** A key: only listeners with the same port or path can conflict. With a thousand listeners, comparing all pairs would take most of a reload. */
function doorOf({ port, path }: { readonly port: number; readonly path?: string | undefined }): number | string {
  return path === undefined ? port : normalize(path);
}

type Doors = Map<number | string, ResolvedListener[]>;

/** The listeners with the key of an address. */
function behind(doors: Doors, address: Parameters<typeof doorOf>[0]): ResolvedListener[] {
  const door = doorOf(address);
  const known = doors.get(door);
  if (known !== undefined) return known;
  const none: ResolvedListener[] = [];
  doors.set(door, none);
  return none;
}

/** Listeners on one address: TCP and TLS share ports, UDP has its own. */
export function duplicateAddresses(listeners: readonly ResolvedListener[], schemes: readonly ListenScheme[]): Problem[] {
  const doors: Doors = new Map();
  return listeners.flatMap((listener) => {
    // Any number of listeners may leave the port to the system.
    if (listener.address.path === undefined && listener.address.port === 0) return [];
    const earlier = behind(doors, listener.address);
    const taken = earlier.filter(({ address }) => clash(address, listener.address, schemes));
    earlier.push(listener);
    return taken.map(({ name, address }) => ({
      path: `listeners.${listener.name}.listen`,
      message: `${addressText(listener.address)} is taken by the listener ${name} (${addressText(address)})`,
    }));
  });
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Whether dialling the endpoint as it is written reaches the listener. Names other than localhost are checked at run time. */
export function reaches(endpoint: Endpoint, to: ListenAddress): boolean {
  if (endpoint.path !== undefined || to.path !== undefined) return endpoint.path === to.path;
  if (endpoint.port !== to.port) return false;
  // ::ffff:127.0.0.1 is 127.0.0.1.
  const [dialled, bound] = [canonicalHost(endpoint.host), canonicalHost(to.host)];
  return dialled === bound || sameMachine(dialled, bound);
}

function sameMachine(dialled: string, bound: string): boolean {
  if (isWildcard(bound)) return isLoopback(dialled) || isWildcard(dialled);
  // Dialling 0.0.0.0 or [::] reaches this machine's loopback; localhost may be of either family.
  if (dialled === "localhost" || isWildcard(dialled)) return isLoopback(bound);
  return bound === "localhost" && isLoopback(dialled);
}

/** Listeners whose upstreams lead back to themselves: each session would open another one until a limit ends it. */
export function loops(listeners: readonly ResolvedListener[], schemes: readonly ListenScheme[]): Problem[] {
  const alike = (one: ResolvedListener, other: ResolvedListener): boolean =>
    schemeOf(one.address, schemes).datagrams === schemeOf(other.address, schemes).datagrams;
  const doors: Doors = new Map();
  for (const listener of listeners) behind(doors, listener.address).push(listener);
  const next = new Map(
    listeners.map((from) => {
      const reached = (from.upstream?.endpoints ?? []).flatMap((endpoint) =>
        behind(doors, endpoint).filter((to) => alike(from, to) && reaches(endpoint, to.address)),
      );
      return [from, [...new Set(reached)]];
    }),
  );
  const reported = new Set<ResolvedListener>();
  return listeners.flatMap((start): Problem[] => {
    if (reported.has(start)) return [];
    const way = wayBack(start, next);
    if (way === undefined) return [];
    for (const each of way) reported.add(each);
    const names = [...way, start].map(({ name }) => name).join(" -> ");
    return [{ path: `listeners.${start.name}.upstream`, message: `expected an upstream that does not lead back, got a loop: ${names}` }];
  });
}

/** The shortest way from a listener back to itself, breadth first. */
function wayBack(
  start: ResolvedListener,
  next: ReadonlyMap<ResolvedListener, readonly ResolvedListener[]>,
): readonly ResolvedListener[] | undefined {
  const seen = new Set<ResolvedListener>();
  const queue: (readonly ResolvedListener[])[] = [[start]];
  for (const way of queue) {
    for (const to of next.get(way.at(-1) ?? start) ?? []) {
      if (to === start) return way;
      if (!seen.has(to)) queue.push([...way, to]);
      seen.add(to);
    }
  }
  return undefined;
}
