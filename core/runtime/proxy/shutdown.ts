import { setTimeout as delay } from "node:timers/promises";
import { SluiceError } from "../../contract/index.ts";
import { inSlices } from "../../contract/slices.ts";
import { emptied } from "../listener/drain.ts";
import type { Listener } from "../listener/listener.ts";
import type { ProxyState } from "../state/proxy-state.ts";

/** What sockets that were reset may take to close. */
const CLOSING_MS = 5_000;

/**
 * The first half of closing a proxy: stops accepting, lets stream sessions end by themselves, and ends what is left. Datagram flows hold
 * nothing up: their listeners serve them until the streams are drained.
 */
export async function endAllSessions(listeners: ReadonlyMap<string, Listener>, state: ProxyState, drainMs: number): Promise<void> {
  const all = [...listeners.values()];
  for (const listener of all.filter(({ datagrams }) => !datagrams)) listener.leave();
  const drained = emptied(state.sessions, drainMs);
  await inSlices(state.sessions, (session) => {
    session.undergo((each) => each.retire());
  });
  await drained;
  for (const listener of all.filter(({ datagrams }) => datagrams)) listener.leave();
  await inSlices(state.sessions, (session) => {
    session.fail(new SluiceError("SLUICE_DRAIN_DEADLINE", `${String(session.client)} was still open`));
  });
  await inSlices(state.flows, (session) => {
    session.fail(new SluiceError("SLUICE_CLOSED", "the proxy was closed"));
  });
  await emptied(state.sessions, CLOSING_MS);
}

/** Nothing may keep a proxy from closing: not a plugin that never sets up, nor a socket that never closes. */
export async function withinSetup(work: Promise<unknown>, { timeouts }: ProxyState): Promise<void> {
  await Promise.race([work, delay(timeouts.setup + 5_000, undefined, { ref: false })]);
}
