import { expect } from "chai";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileOfWorker } from "../../../../../core/contract/index.ts";
import { partsOf } from "../../../../../core/workers/first/shared/part-files.ts";
import { createCleanup } from "../../../../support/cleanup.ts";

describe("the parts of a file that all workers write", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const name of ["web.pcapng", "web", "web.w2", "web.w2.w3.pcapng"])
    it(`are found, in the order of the workers, and removed: ${name}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "sluice-parts-"));
      cleanup.add(() => rmSync(folder, { recursive: true }));
      const parts = partsOf(join(folder, name));
      const others = partsOf(join(folder, name));
      writeFileSync(fileOfWorker(others.base, 1), "");
      const own = [2, 10, 33].map((worker) => fileOfWorker(parts.base, worker));
      for (const file of own.toReversed()) writeFileSync(file, "");
      writeFileSync(`${own[0]}.index`, "");
      expect(await parts.found()).to.deep.equal(own);
      await parts.remove();
      expect(readdirSync(folder)).to.have.length(1);
      expect(await others.found()).to.have.length(1);
    });
});
