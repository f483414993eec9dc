import { expect } from "chai";
import { definePlugin } from "sluice";
import type { PluginDefinition, PluginUse, ResolvedUse } from "sluice";
import { sameUses } from "../../../../core/runtime/generation/unchanged.ts";

const factory = definePlugin("p", () => ({}));
const resolved = (use: PluginUse, options: unknown = {}, name = "p"): ResolvedUse => ({ name, path: "plugins[0]", use, options });
/** The same plugin as another evaluation of its module makes it. */
const evaluated = (origin: string | undefined, make = (): object => ({})): PluginUse => {
  const use = factory();
  const definition: PluginDefinition = { ...use.definition, origin, make };
  return { ...use, definition };
};

describe("whether plugin uses are unchanged", () => {
  it("compares options by value, and functions in them by identity", () => {
    const same = { rate: 10, nested: { list: [1, 2] } };
    expect(sameUses([resolved(factory(), same)], [resolved(factory(), structuredClone(same))])).to.equal(true);
    expect(sameUses([resolved(factory(), same)], [resolved(factory(), { ...same, rate: 11 })])).to.equal(false);
    const key = (): string => "one";
    expect(sameUses([resolved(factory(), { key })], [resolved(factory(), { key })])).to.equal(true);
    expect(sameUses([resolved(factory(), { key })], [resolved(factory(), { key: () => "one" })])).to.equal(false);
  });

  it("sees a change of name, of onError, of order and of number", () => {
    const [a, b] = [resolved(factory(), {}, "a"), resolved(factory(), {}, "b")];
    expect(sameUses([a], [b])).to.equal(false);
    expect(sameUses([a], [resolved(factory({ onError: "bypass" }), {}, "a")])).to.equal(false);
    expect(sameUses([a, b], [b, a])).to.equal(false);
    expect(sameUses([a, b], [a])).to.equal(false);
    expect(sameUses([a, b], [resolved(factory(), {}, "a"), resolved(factory(), {}, "b")])).to.equal(true);
  });

  it("takes code of another evaluation for the same only when its source is known to be", () => {
    expect(sameUses([resolved(evaluated("digest"))], [resolved(evaluated("digest"))])).to.equal(true);
    expect(sameUses([resolved(evaluated("digest"))], [resolved(evaluated("other"))])).to.equal(false);
    expect(sameUses([resolved(evaluated(undefined))], [resolved(evaluated(undefined))])).to.equal(false);
    expect(sameUses([resolved(evaluated("digest"))], [resolved(evaluated("digest", () => ({ borrows: true })))])).to.equal(false);
  });
});
