import { expect } from "chai";
import { Layout } from "../../../../core/flow/chain/layout.ts";
import { Crossing, PluginMeter } from "../../../../core/flow/chain/meter.ts";

describe("What a chain knows of its stages", () => {
  const [a, b] = [new PluginMeter("a"), new PluginMeter("b")];
  const steps = [{ plugin: "a" }, { plugin: "a", exit: a.to(b) }, { plugin: "b", exit: b.to(undefined) }];
  const entry = (): Crossing => new Crossing(undefined, [], undefined);

  it("is shared by chains that begin at the same place and have the same stages", () => {
    const place = entry();
    const layout = Layout.of(steps, place);
    expect(Layout.of(steps.slice(), place)).to.equal(layout);
    expect(layout.plugins).to.deep.equal(["a", "a", "b"]);
    expect(layout.exits).to.deep.equal([undefined, a.to(b), b.to(undefined)]);
  });

  const others = {
    "another plugin": [{ plugin: "a" }, { plugin: "a", exit: a.to(b) }, { plugin: "c", exit: b.to(undefined) }],
    "another way out": [{ plugin: "a" }, { plugin: "a", exit: a.to(undefined) }, { plugin: "b", exit: b.to(undefined) }],
    "fewer stages": steps.slice(0, 2),
    "more stages": [...steps, { plugin: "c" }],
  };
  for (const [what, other] of Object.entries(others)) {
    it(`is not shared with a chain that has ${what}`, () => {
      const place = entry();
      const before = Layout.of(steps, place);
      const layout = Layout.of(other, place);
      expect(layout.plugins).to.deep.equal(other.map(({ plugin }) => plugin));
      expect(layout).to.not.equal(before);
      expect(Layout.of(steps, place)).to.deep.equal(before);
    });
  }

  it("is not shared where nothing is counted", () => {
    expect(Layout.of(steps, undefined)).to.not.equal(Layout.of(steps, undefined));
  });
});
