import { SluiceError, type PluginUse } from "../../contract/index.ts";
import { checkBorders, termNames } from "../cases/case-terms.ts";
import { refuseUnknown } from "../values/known-keys.ts";
import { byteChecks } from "./byte-checks.ts";
import { subjectOf, type Check, type ComplianceOptions } from "./check.ts";
import { connectCheck } from "./connect-check.ts";
import { endChecks } from "./end-checks.ts";
import { heldCheck } from "./held-check.ts";
import { keptCheck } from "./kept-check.ts";
import { lifeChecks } from "./life-checks.ts";
import { lossCheck } from "./loss-check.ts";
import { manyChecks } from "./many-checks.ts";
import { processCheck } from "./process-check.ts";
import { refusedCheck } from "./refused-check.ts";
import { timeChecks } from "./time-check.ts";

/**
 * The suite that every plugin must pass, whatever its purpose: it leaves nothing behind, accepts every input, has the same output however the bytes
 * come and whatever else happens at the same time, keeps its state over a swap, and lets sessions end. The plugin's own purpose is tested with
 * {@link testPlugin}.
 *
 * @param make makes a use of the plugin; called for each check
 * @example for (const { name, run } of compliance(() => redact())) it(name, run);
 * @throws SLUICE_TEST_INVALID when `make` is not a function, and for options that do not exist
 */
export function compliance(make: () => PluginUse, options: ComplianceOptions = {}): Check[] {
  if (typeof make !== "function")
    throw new SluiceError(
      "SLUICE_TEST_INVALID",
      "compliance(make): expected a function that makes a use of the plugin, such as () => redact()",
    );
  refuseUnknown(options, termNames, "compliance(make, options)");
  checkBorders(options, "compliance(make, options)");
  const subject = subjectOf(make, options);
  return [
    // First: what a plugin changes once, it does not change again.
    ...processCheck(subject),
    ...lifeChecks(subject),
    ...refusedCheck(subject),
    ...byteChecks(subject),
    ...timeChecks(subject),
    ...manyChecks(subject),
    ...lossCheck(subject),
    ...heldCheck(subject),
    ...endChecks(subject),
    ...connectCheck(subject),
    ...keptCheck(subject),
  ];
}
