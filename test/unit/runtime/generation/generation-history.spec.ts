import { expect } from "chai";
import type { ResolvedConfig } from "sluice";
import { GenerationHistory } from "../../../../core/runtime/generation/generation-history.ts";
import type { GenerationSource } from "../../../../core/runtime/generation/overrides.ts";

const source = (file: string): GenerationSource => {
  const base = { file } as ResolvedConfig;
  return { base, config: base, overrides: [], origin: "config", dropped: [] };
};

describe("The history of generations", () => {
  it("keeps the newest ones, as many as it may, and lets go of the configs of the others", () => {
    const history = new GenerationHistory();
    history.most = 2;
    const sources = ["a", "b", "c"].map(source);
    for (const [at, wanted] of sources.entries()) history.add(wanted, { generation: at + 1, durationMs: 0, steps: [] });
    expect(history.all.map(({ generation }) => generation)).to.deep.equal([3, 2]);
    expect([...history.bases].map(({ file }) => file)).to.deep.equal(["b", "c"]);
    expect([history.of(1), history.of(3)]).to.deep.equal([undefined, sources[2]]);
  });

  it("keeps one when it may keep no more, with the reason why it was taken back", () => {
    const history = new GenerationHistory();
    for (const generation of [1, 2]) history.add(source("a"), { generation, durationMs: 0, steps: [] }, "too many faults");
    expect(history.all.map(({ generation, takenBack }) => [generation, takenBack])).to.deep.equal([[2, "too many faults"]]);
  });
});
