import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../support/repository.ts";

type Costs = Readonly<Record<string, number>>;

interface Batches {
  readonly batchesOf: (
    folder: string,
    specs: readonly string[],
    costs: Costs,
  ) => { together: string[][]; apart: string[]; alone: string[] };
  readonly specsAt: (folder: string, path: string) => string[];
}

interface CostsModule {
  readonly costsOf: (folder: string, outcomes: readonly { readonly counts: { readonly seconds?: Costs } }[]) => Costs;
}

describe("the batches of specs", () => {
  let batches: Batches;
  let folder: string;

  before(async () => (batches = (await import(join(root, "test/run/batches.mjs"))) as Batches));
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-batches-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, text = ""): string {
    mkdirSync(join(folder, "test", name, ".."), { recursive: true });
    writeFileSync(join(folder, "test", name), text);
    return `test/${name}`;
  }

  it("have every spec of this checkout once", () => {
    const specs = batches.specsAt(root, "test");
    const { together, apart, alone } = batches.batchesOf(root, specs, {});
    expect([...together.flat(), ...apart, ...alone].toSorted()).to.deep.equal(specs);
  });

  it("are full when their specs take long, and the longest come first", () => {
    const [a, b, c, d] = ["e2e/a.spec.ts", "e2e/b.spec.ts", "e2e/c.spec.ts", "unit/d.spec.ts"].map((name) => write(name)) as [
      string,
      string,
      string,
      string,
    ];
    const { together } = batches.batchesOf(folder, [a, b, c, d], { [a]: 10, [b]: 50, [d]: 70 });
    expect(together).to.deep.equal([[d], [a, b], [c]]);
  });

  it("leave out who runs alone, and keep together who uses the packed package", () => {
    const alone = write("unit/alone.spec.ts", "// Runs alone: it counts.\n");
    const apart = write("unit/apart.spec.ts", "// Runs in a process of its own: it compares the heap.\n");
    const packed = ["architecture/p.spec.ts", "e2e/q.spec.ts"].map((name) => write(name, 'from "../support/packed-package.ts";'));
    const other = write("e2e/other.spec.ts");
    const found = batches.batchesOf(folder, [...packed, other, apart, alone], { [packed[0] ?? ""]: 300, [packed[1] ?? ""]: 300 });
    expect(found).to.deep.equal({ together: [packed, [other]], apart: [apart], alone: [alone] });
  });

  it("follow from the seconds that specs took, of which those that take long are noted", async () => {
    const { costsOf } = (await import(join(root, "test/run/costs.mjs"))) as CostsModule;
    const seconds = { [join(folder, "dist/test/unit/z.spec.js")]: 9.6, [join(folder, "dist/test/unit/b.spec.js")]: 1 };
    const outcomes = [{ counts: {} }, { counts: { seconds } }, { counts: { seconds: { [join(folder, "dist/test/e2e/a.spec.js")]: 61 } } }];
    expect(Object.entries(costsOf(folder, outcomes))).to.deep.equal([
      ["test/e2e/a.spec.ts", 61],
      ["test/unit/z.spec.ts", 10],
    ]);
  });
});
