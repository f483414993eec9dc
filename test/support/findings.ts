import type { PluginUse } from "sluice";
import { compliance, type ComplianceOptions } from "sluice/testing";

/**
 * What the suite finds, one line or more for each check that fails.
 *
 * @param only the checks that run
 * @param enough stops the suite when it has been said
 */
export async function findings(make: () => PluginUse, options?: ComplianceOptions, only = /./, enough?: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const { name, run } of compliance(make, options)) {
    if (!only.test(name)) continue;
    if (enough?.test(found.join("\n")) === true) break;
    try {
      await run();
    } catch (error) {
      found.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return found;
}
