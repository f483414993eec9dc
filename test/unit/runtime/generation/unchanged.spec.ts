import { BlockList } from "node:net";
import { expect } from "chai";
import { definePlugin, networks } from "sluice";
import type { PluginDefinition, PluginUse, ResolvedUse } from "sluice";
import { sameUses } from "../../../../core/runtime/generation/unchanged.ts";

const factory = definePlugin("p", () => ({}));
const resolved = (use: PluginUse, options: unknown = {}, name = "p"): ResolvedUse => ({
  name,
  path: "plugins[0]",
  use: { ...use, options },
  options,
});
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

  it("sees what a schema keeps in private fields by what it was given", () => {
    const parsed = (texts: readonly string[]): ResolvedUse => ({
      ...resolved(factory(), { from: texts }),
      options: { from: networks().parse(texts) },
    });
    expect(sameUses([parsed(["10.0.0.0/8"])], [parsed(["10.0.0.0/8"])])).to.equal(true);
    expect(sameUses([parsed(["10.0.0.0/8"])], [parsed(["10.0.0.0/16"])])).to.equal(false);
    const given = { file: "a.txt" };
    const read = (content: string): ResolvedUse => ({ ...resolved(factory(), given), options: { content } });
    expect(sameUses([read("one")], [read("one")])).to.equal(true);
    expect(sameUses([read("one")], [read("two")])).to.equal(false);
  });

  it("takes objects that show nothing of themselves for the same only when they are one object", () => {
    class Hidden {
      readonly #value: number;
      constructor(value: number) {
        this.#value = value;
      }
      get value(): number {
        return this.#value;
      }
    }
    const blocked = new BlockList();
    const same = (before: unknown, after: unknown): boolean =>
      sameUses([resolved(factory(), { deep: [before] })], [resolved(factory(), { deep: [after] })]);
    for (const one of [new Hidden(1), blocked, Promise.resolve(1), new WeakMap()]) expect(same(one, one)).to.equal(true);
    expect(same(new Hidden(1), new Hidden(2))).to.equal(false);
    expect(same(blocked, new BlockList())).to.equal(false);
    for (const make of [
      () => new Map([[1, 2]]),
      () => new Set([1]),
      () => Buffer.from("a"),
      () => /a/g,
      () => new Date(0),
      () => ({}),
      () => [],
    ])
      expect(same(make(), make()), String(make)).to.equal(true);
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(same(circle, circle)).to.equal(true);
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
