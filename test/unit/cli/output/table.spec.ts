import { expect } from "chai";
import { durationText } from "../../../../core/cli/output/units.ts";
import { onOneLine } from "../../../../core/cli/output/show-error.ts";
import { table } from "../../../../core/cli/output/table.ts";

describe("text for people", () => {
  it("stands in columns, measured before it is painted", () => {
    const paint = (text: string): string => `\u001B[1m${text}\u001B[22m`;
    expect(
      table([
        [{ text: "a", paint }, { text: "long one" }, { text: "x" }],
        [{ text: "bcd" }, { text: "b" }, { text: "" }],
      ]),
    ).to.deep.equal(["  \u001B[1ma\u001B[22m    long one  x", "  bcd  b"]);
    expect(table([])).to.deep.equal([]);
  });

  it("stands in columns also where characters are wide or take no room", () => {
    expect(
      table([
        [{ text: "日本" }, { text: "x" }],
        [{ text: "e\u0301abc" }, { text: "x" }],
      ]),
    ).to.deep.equal(["  日本  x", "  e\u0301abc  x"]);
  });

  it("shows a duration in its two largest units", () => {
    expect([0, 59_999, 60_000, 3_600_000, 93_784_000, -5].map(durationText)).to.deep.equal([
      "0 s",
      "59 s",
      "1 min 0 s",
      "1 h 0 min",
      "1 d 2 h",
      "0 s",
    ]);
  });

  it("brings a message of several lines onto one", () => {
    expect(onOneLine("a: wrong\n  b: wrong too\nend")).to.equal("a: wrong; b: wrong too; end");
  });
});
