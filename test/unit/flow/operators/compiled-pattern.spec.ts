import { expect } from "chai";
import { compilePattern } from "../../../../core/flow/operators/compiled-pattern.ts";

describe("a pattern that is made ready for text in pieces", () => {
  it("is made once for the same expression, whoever made that, and by itself for other flags", () => {
    const made = compilePattern(/ab+/);
    expect(compilePattern(new RegExp("ab+"))).to.equal(made);
    expect(compilePattern(/ab+/i)).not.to.equal(made);
    expect(compilePattern(/ab+/i).match.flags).to.equal("iy");
  });

  it("is forgotten when so many others were used since, and kept while it is used", () => {
    const [kept, forgotten] = [compilePattern(/kept/), compilePattern(/forgotten/)];
    for (let at = 0; at < 200; at += 1) {
      compilePattern(new RegExp(`other ${at}`));
      expect(compilePattern(/kept/)).to.equal(kept);
    }
    expect(compilePattern(/forgotten/)).not.to.equal(forgotten);
  });

  it("is refused each time, where it cannot be matched across chunks", () => {
    for (const refused of [/a*/, /(a)\1/, /é/, /a/y])
      for (let time = 0; time < 2; time += 1) expect(() => compilePattern(refused)).to.throw(SyntaxError);
  });
});
