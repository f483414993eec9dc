import { expect } from "chai";
import { evaluationOrder } from "../../../../core/config/load/evaluation-order.ts";

type Graph = Readonly<Record<string, readonly string[]>>;

const order = (graph: Graph, awaiting: readonly string[] = []): string =>
  evaluationOrder("a", { of: (file) => graph[file] ?? [], awaits: (file) => awaiting.includes(file) }).join(" ");

describe("The order of evaluation", () => {
  it("has the imports of a module before it, in their order, each once", () => {
    expect(order({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })).to.equal("d b c a");
  });

  it("leaves a circle to the member that is reached first, which must have begun", () => {
    expect(order({ a: ["b"], b: ["c", "e"], c: ["d"], d: ["b"], e: [] })).to.equal("e b a");
    expect(order({ a: ["b"], b: ["a"] })).to.equal("a");
    expect(order({ a: ["a"] })).to.equal("a");
  });

  it("treats two circles that share a module as one", () => {
    expect(order({ a: ["b"], b: ["c", "d"], c: ["b"], d: ["c"] })).to.equal("b a");
  });

  it("includes modules that await and modules that import them, also in a circle", () => {
    expect(order({ a: ["b"], b: ["c"], c: ["b", "d"], d: [] }, ["d"])).to.equal("d c b a");
  });
});
