// What the test command runs before the tests: installs what it can, and says what will be skipped.
import { installTools } from "./debian-packages.ts";

const missing = installTools();
if (missing.length > 0) {
  const required = process.env["CI"] === "true";
  console.error(`missing: ${missing.join(" ")} (${required ? "all are needed with CI=true" : "the tests that need them are skipped"})`);
  if (required) process.exitCode = 1;
}
