import { describe, it } from "node:test";
import { testPlugin } from "sluice/testing";
import { redact } from "../../docs/examples/redact.ts";
import { checks, rows } from "./redact-rows.ts";

testPlugin(redact, rows, { describe, it });

void describe("redact", () => {
  for (const { name, run } of checks) void it(name, run);
});
