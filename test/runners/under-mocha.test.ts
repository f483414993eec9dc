import { testPlugin } from "sluice/testing";
import { redact } from "../../docs/examples/redact.ts";
import { checks, rows } from "./redact-rows.ts";

testPlugin(redact, rows);

describe("redact", () => {
  for (const { name, run } of checks) it(name, run);
});
