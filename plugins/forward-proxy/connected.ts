import { SluiceError, type Session } from "sluice";
import { endpointOf, refusalOf, type AllowedTargets, type Target } from "./allowed-targets.ts";

/**
 * Opens the way to a target. Each address that its name leads to is checked as it is dialled, so that no later answer can be another
 * (DNS rebinding); what the core never dials (the listener, the admin server) it refuses by itself.
 *
 * @throws SLUICE_CLIENT_REJECTED and what the connect hooks end with
 */
export async function openTarget(session: Session, target: Target, allowed: AllowedTargets): Promise<void> {
  if (!allowed.mayBe(target))
    throw new SluiceError("SLUICE_CLIENT_REJECTED", `${endpointOf(target)} is none of the targets in "allow": its port is not`);
  session.retarget(endpointOf(target), { refuse: (address) => refusalOf(allowed, target, address) });
  await session.openUpstream();
}

/** Codes of what must not be dialled. */
export const forbidden: ReadonlySet<string> = new Set(["SLUICE_CLIENT_REJECTED", "SLUICE_UPSTREAM_LOOP", "SLUICE_UPSTREAM_ADMIN"]);
