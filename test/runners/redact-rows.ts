import { compliance, type Check, type PluginCases } from "sluice/testing";
import { redact } from "../../docs/examples/redact.ts";

/** The environment asks for a row that fails, beside the table alone: a runner must count it. */
const failing = process.env["SLUICE_TEST_WRONG_ROW"] !== undefined;
const wrong = failing ? [{ from: "card 4111111111111111", to: "card" }] : [];

/** What every runner is given. */
export const checks: readonly Check[] = failing ? [] : compliance(() => redact());
export const rows = {
  passes: ["call 123"],
  changes: [{ options: { digits: 4 }, from: "pin 1234", to: "pin ****" }, ...wrong],
  rejects: [{ digits: 0 }],
} satisfies PluginCases<{ digits?: number }>;
