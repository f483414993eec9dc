import { expect } from "chai";
import { assert, double, integer, property } from "fast-check";
import { Share } from "../../../../core/runtime/trial/share.ts";

describe("Share", () => {
  it("takes the share of any number, rounded up, the first among them", () => {
    assert(
      property(double({ min: 0.001, max: 1, noNaN: true }), integer({ min: 1, max: 500 }), (wanted, count) => {
        const share = new Share(wanted);
        const first = share.takes();
        for (let at = 1; at < count; at++) share.takes();
        expect(first).to.equal(true);
        expect(share.taken).to.be.within(Math.floor(wanted * count), Math.ceil(wanted * count + 1e-9));
      }),
      { verbose: true },
    );
  });

  it("spreads them", () => {
    const share = new Share(0.25);
    expect(Array.from({ length: 8 }, () => share.takes())).to.deep.equal([true, false, false, false, true, false, false, false]);
  });
});
