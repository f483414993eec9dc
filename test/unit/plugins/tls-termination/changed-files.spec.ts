import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stampFiles, watchFiles } from "../../../../plugins/tls-termination/changed-files.ts";
import { bounded } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";

describe("the watch over certificate files", () => {
  const cleanup = createCleanup();
  afterEach(async () => cleanup.run());

  it("notices what changed after the files were read and before the watch began", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-watch-"));
    cleanup.add(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const file = join(folder, "cert.pem");
    writeFileSync(file, "one");
    const since = await stampFiles([file]);
    writeFileSync(file, "another");
    const changed = new Promise<void>((resolve) => {
      const stop = watchFiles([file], since, async () => Promise.resolve(resolve()));
      cleanup.add(stop);
    });
    await bounded(changed, "the change");
  });
});
