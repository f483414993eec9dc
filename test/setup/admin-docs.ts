import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generated, withTable } from "../support/admin-docs.ts";
import { root } from "../support/repository.ts";

// Writes the tables of docs/admin-api.md and docs/metrics.md from the code: node dist/test/setup/admin-docs.js
for (const each of generated) {
  const file = join(root, each.page);
  writeFileSync(file, withTable(readFileSync(file, "utf8"), each));
}
