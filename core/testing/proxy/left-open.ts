import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { OpenClient } from "../client/test-client.ts";

/** Milliseconds to wait for sessions that are about to end: both sides have finished, and the record comes in a turn or two. */
const GRACE_MS = 200;
const STEP_MS = 5;

/** Descriptions of what is still open in a proxy. UDP flows do not count, since only time ends them; UDP clients that were not closed do. */
export async function openIn(proxy: Proxy, clients: Iterable<OpenClient>): Promise<string[]> {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const open = [...sessionsOf(proxy), ...clientsOf(clients)];
    if (open.length === 0 || performance.now() >= end) return open;
    // oxlint-disable-next-line no-await-in-loop -- polls for ends that are in progress
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

function sessionsOf(proxy: Proxy): string[] {
  return [...proxy.sessions]
    .filter(({ datagrams }) => !datagrams)
    .map(({ id, listener, client, upstream }) => `session ${id} of "${listener}", ${String(client)} to ${upstream ?? "no upstream yet"}`);
}

/** Descriptions of open UDP clients. The session of a stream client is in the list already, and a client whose session has ended is closed. */
function clientsOf(clients: Iterable<OpenClient>): string[] {
  return [...clients].filter(({ isOpen, datagrams }) => isOpen && datagrams).map(({ url, local }) => `client ${local} of ${url}`);
}
