import { SluiceError, type Session } from "sluice";
import { endpointOf, refusalOf, type AllowedTargets, type Target } from "./allowed-targets.ts";

/**
 * Opens the connection to a target. Each address of its name is checked when it is dialled, so that a later DNS answer cannot lead elsewhere
 * (DNS rebinding). The core itself refuses the addresses that it never dials: the listener and the admin server.
 *
 * @throws SLUICE_CLIENT_REJECTED, and the errors of the connect hooks
 */
export async function openTarget(session: Session, target: Target, allowed: AllowedTargets): Promise<void> {
  if (!allowed.mayBe(target))
    throw new SluiceError("SLUICE_CLIENT_REJECTED", `${endpointOf(target)} is none of the targets in "allow": its port is not`);
  session.retarget(endpointOf(target), { refuse: (address) => refusalOf(allowed, target, address) });
  await session.openUpstream();
}

/** The codes of errors for targets that must not be dialled. */
export const forbidden: ReadonlySet<string> = new Set(["SLUICE_CLIENT_REJECTED", "SLUICE_UPSTREAM_LOOP", "SLUICE_UPSTREAM_ADMIN"]);
