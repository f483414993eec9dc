import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/repository.ts";

const allowed =
  /^(package(-lock)?\.json|tsconfig(\.[a-z]+)?\.json|proxy\.config\.ts|core|plugins|test|docs|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md|\.[A-Za-z].*)$/;

describe("the top level", () => {
  it("contains the project's folders and the files that convention requires, and nothing else", function () {
    // A source archive has no history to ask.
    if (!existsSync(join(root, ".git"))) this.skip();
    const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
    const names = new Set(files.filter((file) => file !== "").map((file) => file.split("/")[0] ?? file));
    expect([...names].filter((name) => !allowed.test(name))).to.deep.equal([]);
  });
});
