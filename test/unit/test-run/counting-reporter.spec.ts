import { expect } from "chai";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventOf } from "../../support/bounded.ts";
import { root } from "../../support/repository.ts";

const late = `
it("passes", () => void setImmediate(() => { throw new Error("late"); }));
it("waits", (done) => void setTimeout(done, 100));
it("would fail", () => { throw new Error("never seen"); });
`;

describe("the counts of a run", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "sluice-counts-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("say that mocha ran no more tests after one that failed when it had passed", async () => {
    const [spec, counts] = [join(folder, "late.cjs"), join(folder, "counts.json")];
    writeFileSync(spec, late);
    const child = spawn(process.execPath, ["node_modules/mocha/bin/mocha.js", spec], {
      cwd: root,
      env: { ...process.env, SLUICE_TEST_COUNTS: counts },
      stdio: "ignore",
    });
    await eventOf(child, "exit", 40_000);
    const { failed, failures } = JSON.parse(readFileSync(counts, "utf8")) as {
      readonly failed: number;
      readonly failures: readonly { readonly title: string; readonly file?: string }[];
    };
    const nameless = failures.filter(({ file }) => file === undefined).map(({ title }) => title);
    expect(nameless).to.deep.equal(["Mocha ran no more tests: one that had passed failed afterwards"]);
    expect(failed).to.equal(failures.length);
  });
});
