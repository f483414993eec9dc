import { expect } from "chai";
import path from "node:path";
import { filesUnder, readText } from "../support/repository.ts";

const maxLines = 300;
const maxMedian = 120;
const maxFiles = 20;
const vague = /(^|[/-])(utils?|helpers?|managers?|services?|misc|common)(-|\.|\/)/;

const sources = ["core", "plugins", "test"].flatMap((folder) => [".ts", ".mjs", ".cjs"].flatMap((ending) => filesUnder(folder, ending)));

const linesOf = (file: string): number => readText(file).trimEnd().split("\n").length;

describe("source files", () => {
  it("have at most 300 lines", () => {
    expect(sources).to.not.deep.equal([]);
    const long = sources.filter((file) => linesOf(file) > maxLines);
    expect(long).to.deep.equal([]);
  });

  it("have a median of at most 120 lines in the core", () => {
    const lines = sources.filter((file) => file.startsWith("core/")).map(linesOf);
    const median = lines.toSorted((a, b) => a - b)[Math.floor(lines.length / 2)];
    expect(median).to.be.at.most(maxMedian);
  });

  it("share a folder of the core or of a plugin with at most 19 others: a larger folder needs rooms", () => {
    const folders = sources.filter((file) => /^(core|plugins)\//.test(file)).map((file) => path.posix.dirname(file));
    const crowded = [...new Set(folders)].filter((folder) => folders.filter((other) => other === folder).length > maxFiles);
    expect(crowded).to.deep.equal([]);
  });

  it("are named after their content, not utils, helpers, managers or services", () => {
    expect(sources.filter((file) => vague.test(file))).to.deep.equal([]);
  });
});
