import { describe, it } from "node:test";
import { compliance, testPlugin } from "sluice/testing";
import { redact } from "./redact.js";

// What it is to do.
testPlugin(
  redact,
  {
    passes: ["call 123", { bytes: "card 12345678", options: { digits: 9 } }],
    changes: [
      { from: "card 123456789012, pin 1234\n", to: "card ************, pin 1234\n" },
      { from: "8765", to: "****", options: { digits: 4 } },
    ],
    rejects: [{ digits: 0 }, { digit: 4 }],
  },
  { describe, it },
);

// What every plugin must do.
describe("redact, as every plugin", () => {
  for (const { name, run } of compliance(() => redact({ digits: 4 }))) it(name, run);
});
