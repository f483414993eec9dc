import { networkInterfaces } from "node:os";

/**
 * For a test or hook that uses `::1`. Where the machine has no IPv6, as in a container of Docker's default network, the test is skipped by name.
 *
 * @throws with `CI=true`, where nothing may be missing
 */
export function requireIpv6(context: Mocha.Context): void {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  if (addresses.some(({ address }) => address === "::1")) return;
  if (process.env["CI"] === "true") throw new Error("this machine has no IPv6, and CI=true asks for everything");
  context.skip();
}
