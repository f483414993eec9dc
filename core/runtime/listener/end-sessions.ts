import { SluiceError } from "../../contract/index.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import { inSlices } from "../../contract/slices.ts";

/** Ends what is open when a proxy closes. */
export async function endSessions(state: ProxyState): Promise<void> {
  await inSlices(state.sessions, (session) => {
    session.fail(new SluiceError("SLUICE_DRAIN_DEADLINE", `${String(session.client)} was still open`));
  });
  await inSlices(state.flows, (session) => {
    session.fail(new SluiceError("SLUICE_CLOSED", "the proxy was closed"));
  });
}
