import { expect } from "chai";
import { hookNames } from "../../core/contract/index.ts";
import { readText } from "../support/repository.ts";

describe("the hooks", () => {
  it("of the table in core/contract/session/hooks.ts are those that docs/writing-a-plugin.md lists, in its order", () => {
    const [, section = ""] = readText("docs/writing-a-plugin.md").split("## The hooks\n");
    const listed = [...(section.split(/^#/m)[0] ?? "").matchAll(/^\| `(\w+)\(\w+, \w+\)` \|/gm)].map(([, name]) => name);
    expect(listed).to.deep.equal(hookNames);
  });

  it("are six, a closed list: a seventh needs a decision record", () => {
    expect(hookNames).to.have.length(6);
  });
});
