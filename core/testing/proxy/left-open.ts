import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { TestClient } from "../client/test-client.ts";

/** A client that the proxy's test opened. */
export type OpenClient = TestClient & { readonly isOpen: boolean };

/** How long a session that is about to end has for it: both its ends have finished, and its record is a turn or two away. */
const GRACE_MS = 200;
const STEP_MS = 5;

/** What is still open of a proxy, in words. Flows of UDP are not, since nothing but time ends them; clients of UDP that were not closed are. */
export async function openIn(proxy: Proxy, clients: Iterable<OpenClient>): Promise<string[]> {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const open = [...sessionsOf(proxy), ...clientsOf(clients)];
    if (open.length === 0 || performance.now() >= end) return open;
    // oxlint-disable-next-line no-await-in-loop -- an end that is under way is seen by asking again
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

function sessionsOf(proxy: Proxy): string[] {
  return [...proxy.sessions]
    .filter(({ datagrams }) => !datagrams)
    .map(({ id, listener, client, upstream }) => `session ${id} of "${listener}", ${String(client)} to ${upstream ?? "no upstream yet"}`);
}

/** A stream's client whose session is named already needs no second line; one whose session has ended is closed by that. */
function clientsOf(clients: Iterable<OpenClient>): string[] {
  return [...clients].filter(({ isOpen, url }) => isOpen && url.startsWith("udp:")).map(({ url, local }) => `client ${local} of ${url}`);
}
