import { expect } from "chai";
import { didYouMean, nearest } from "../../../../core/contract/options/nearest.ts";

describe("the nearest word", () => {
  const known = ["listeners", "limits", "timeouts"];

  it("is the one with the fewest typing errors: a letter too many, too few, another one, or two swapped", () => {
    for (const slip of ["listenerss", "listner", "lizteners", "lisetners"]) expect(nearest(slip, known)).to.equal("listeners");
  });

  it("treats upper and lower case as equal", () => expect(nearest("LISTENERS", known)).to.equal("listeners"));

  it("is none when none is near, or the word is longer than any option", () => {
    expect(nearest("banana", known)).to.equal(undefined);
    expect(nearest("a".repeat(65), ["a".repeat(64)])).to.equal(undefined);
    expect(nearest("anything", [])).to.equal(undefined);
  });

  it("becomes the end of a message, or nothing", () => {
    expect(didYouMean("limit", known)).to.equal(', did you mean "limits"?');
    expect(didYouMean("banana", known)).to.equal("");
  });
});
