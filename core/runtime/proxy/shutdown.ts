import { setTimeout as delay } from "node:timers/promises";
import { SluiceError } from "../../contract/index.ts";
import { inSlices } from "../../contract/slices.ts";
import { emptied } from "../listener/drain.ts";
import type { Listener } from "../listener/listener.ts";
import type { ProxyState } from "../state/proxy-state.ts";

/** Milliseconds that sockets may take to close after a reset. */
const CLOSING_MS = 5_000;

/**
 * The first half of closing a proxy: stops accepting, lets stream sessions end by themselves, and ends those that are left. Nothing waits for
 * datagram flows: their listeners serve them until the streams are drained.
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

/**
 * Waits for a part of the close, but only for some time: a plugin whose setup never ends, or a socket that never closes, must not keep a proxy
 * from closing.
 */
export async function waitWhileClosing(work: Promise<unknown>, { timeouts }: ProxyState): Promise<void> {
  const over = new AbortController();
  const limit = delay(timeouts.setup + 5_000, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
  await Promise.race([work, limit]).finally(() => {
    over.abort();
  });
}
