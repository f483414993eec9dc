import { expect } from "chai";
import * as faults from "../../plugins/faults/index.ts";
import { readText } from "../support/repository.ts";

const page = readText("docs/faults.md");
const common = ["direction", "share", "seed"];

/** The options in the tables below a heading. */
const optionsBelow = (heading: string): string[] => {
  const [, section = ""] = page.split(new RegExp(`^#+ (?:.*: )?${heading}$`, "m"));
  return [...(section.split(/^#/m)[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name);
};

const factories = Object.entries(faults).flatMap(([name, value]) => ("definition" in value ? [{ name, keys: value.definition.keys }] : []));

describe("docs/faults.md", () => {
  it("lists the options of every fault", () => {
    expect(optionsBelow("What every fault takes")).to.deep.equal(common);
    expect(factories.length).to.be.at.least(16);
    for (const { name, keys } of factories) expect(keys, name).to.include.members(common);
  });

  for (const { name, keys } of factories) {
    it(`lists the options of ${name}, and no others`, () => {
      const own = keys.filter((key) => !common.includes(key));
      expect(optionsBelow(name).toSorted()).to.deep.equal(own.toSorted());
    });
  }
});
