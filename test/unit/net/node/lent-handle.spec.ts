import { expect } from "chai";
import { lendHandle } from "../../../../core/net/node/lent-handle.ts";
import { canLendHandles, lends } from "../../../../core/net/node/lent-handle-trial.ts";

describe("What watching below TLS needs of Node", () => {
  it("is there", () => {
    expect(canLendHandles()).to.equal(true);
    expect(lends(lendHandle)).to.equal(true);
  });

  it("is seen to be missing where nothing is lent, or not all of it", () => {
    expect(lends(() => undefined)).to.equal(false);
    expect(lends((secured, lent) => lendHandle(secured, { ...lent, reset: () => undefined }))).to.equal(false);
    expect(lends((secured, lent) => lendHandle(secured, { ...lent, hasEnded: () => false }))).to.equal(false);
    expect(
      lends(() => {
        throw new TypeError("no such property");
      }),
    ).to.equal(false);
  });
});
