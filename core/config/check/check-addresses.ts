import { normalize } from "node:path";
import { addressText, isIPv4 } from "../../contract/endpoint.ts";
import { canonicalHost, hostsMeet } from "../../contract/host-meeting.ts";
import type { Problem } from "../../contract/options/describe-issues.ts";
import type { Endpoint, ListenAddress, ResolvedListener } from "../../contract/index.ts";

export function isWildcard(host: string): boolean {
  const plain = canonicalHost(host);
  return plain === "0.0.0.0" || plain === "::";
}

function clash(a: ListenAddress, b: ListenAddress): boolean {
  if (a.path !== undefined || b.path !== undefined)
    return a.path !== undefined && b.path !== undefined && normalize(a.path) === normalize(b.path);
  if ((a.transport === "udp") !== (b.transport === "udp") || a.port !== b.port || a.port === 0) return false;
  return hostsMeet(a.host, b.host) !== "apart";
}

/** Listeners on one address: TCP and TLS share ports, UDP has its own. */
export function duplicateAddresses(listeners: readonly ResolvedListener[]): Problem[] {
  return listeners.flatMap((listener, index) =>
    listeners
      .slice(0, index)
      .filter((earlier) => clash(earlier.address, listener.address))
      .map((earlier) => ({
        path: `listeners.${listener.name}.listen`,
        message: `${addressText(listener.address)} is taken by the listener ${earlier.name} (${addressText(earlier.address)})`,
      })),
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Whether dialling the endpoint literally reaches the listener. Names other than localhost are left to run time. */
function reaches(endpoint: Endpoint, from: ListenAddress, to: ListenAddress): boolean {
  if (endpoint.path !== undefined || to.path !== undefined) return endpoint.path === to.path;
  const sameKind = (from.transport === "udp") === (to.transport === "udp");
  return sameKind && endpoint.port === to.port && (endpoint.host === to.host || sameMachine(endpoint.host, to.host));
}

function sameMachine(dialled: string, bound: string): boolean {
  if (isWildcard(bound)) return isLoopback(dialled) || isWildcard(dialled);
  // To dial 0.0.0.0 or [::] is to dial this machine's loopback; localhost may be either family's.
  if (dialled === "localhost" || isWildcard(dialled)) return isLoopback(bound);
  return bound === "localhost" && isLoopback(dialled);
}

/** Listeners whose upstreams lead back to themselves: each session would open another one until a limit ends it. */
export function loops(listeners: readonly ResolvedListener[]): Problem[] {
  const next = new Map(
    listeners.map((from) => [
      from,
      listeners.filter((to) => from.upstream?.endpoints.some((endpoint) => reaches(endpoint, from.address, to.address)) === true),
    ]),
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
