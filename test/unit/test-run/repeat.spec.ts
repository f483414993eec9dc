import { expect } from "chai";
import { join } from "node:path";
import { root } from "../../support/repository.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly title: string; readonly file?: string }[];
}

interface Outcome {
  readonly batch: readonly string[];
  readonly counts: Counts;
}

interface Repeat {
  readonly toRepeat: (folder: string, outcomes: readonly Outcome[]) => readonly { outcome: Outcome; batch: readonly string[] }[];
  readonly afterRepeat: (outcome: Outcome, batch: readonly string[], counts: Counts) => Counts;
}

const batch = ["test/unit/a.spec.ts", "test/unit/b.spec.ts"];
const inB = { title: "b fails", file: join(root, "dist/test/unit/b.spec.js") };

const failedWith = (...failures: Counts["failures"]): Outcome => ({
  batch,
  counts: { passed: 5, failed: failures.length, skipped: 1, failures },
});

describe("specs that failed beside others", () => {
  let repeat: Repeat;

  // The tests' runner is plain JavaScript, which TypeScript does not copy to dist/.
  before(async () => (repeat = (await import(join(root, "test/run/repeat.mjs"))) as Repeat));

  const repeated = (...outcomes: readonly Outcome[]): unknown => repeat.toRepeat(root, outcomes).map((each) => each.batch);

  it("run again, and no others of their batch", () => {
    expect(repeated(failedWith(inB, inB), { batch, counts: { passed: 6, failed: 0, skipped: 0, failures: [] } })).to.deep.equal([
      [batch[1]],
    ]);
  });

  it("run again with their whole batch where no spec is named: a leak, a run that broke off", () => {
    expect(repeated(failedWith(inB, { title: "the process is kept alive" }))).to.deep.equal([batch]);
  });

  it("do not run again for a check, nor where too many failed", () => {
    const lint = { batch: [], counts: { passed: 0, failed: 1, skipped: 0, failures: [{ title: "lint" }] } };
    expect(repeated(lint)).to.deep.equal([]);
    expect(repeated(...Array.from({ length: 21 }, () => failedWith(inB)))).to.deep.equal([]);
  });

  it("count as passed when they pass then", () => {
    const now = { passed: 2, failed: 0, skipped: 0, failures: [] };
    expect(repeat.afterRepeat(failedWith(inB), batch.slice(1), now)).to.deep.equal({ passed: 6, failed: 0, skipped: 1, failures: [] });
    expect(repeat.afterRepeat(failedWith({ title: "broke off" }), batch, now)).to.deep.equal(now);
  });
});
