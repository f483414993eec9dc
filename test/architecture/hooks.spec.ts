import { expect } from "chai";
import { hookNames } from "../../core/contract/index.ts";
import { readText } from "../support/repository.ts";

describe("the hooks", () => {
  it("of the table in core/contract/session/hooks.ts are listed in docs/writing-a-plugin.md, in the same order", () => {
    const [, section = ""] = readText("docs/writing-a-plugin.md").split("## The hooks\n");
    const listed = [...(section.split(/^#/m)[0] ?? "").matchAll(/^\| `(\w+)\(\w+, \w+\)` \|/gm)].map(([, name]) => name);
    expect(listed).to.deep.equal(hookNames);
  });

  it("are exactly six: a seventh needs a decision record", () => {
    expect(hookNames).to.have.length(6);
  });
});
