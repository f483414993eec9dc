import { expect } from "chai";
import { array, assert, double, integer, property } from "fast-check";
import { Share } from "../../../../../core/runtime/trial/share.ts";
import { shareStarts } from "../../../../../core/workers/first/commit/share-starts.ts";

/** How many each worker takes of what comes to it. */
function taken(share: number, starts: ReturnType<typeof shareStarts>, counts: readonly number[]): number[] {
  return starts.map((start, at) => {
    const own = new Share(share, start);
    for (let count = 0; count < (counts[at] ?? 0); count++) own.takes();
    return own.taken;
  });
}

const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);

describe("shareStarts", () => {
  it("lets all workers together take the share of what is open, rounded up", () => {
    const counts = array(integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
    assert(
      property(counts, double({ min: 0.001, max: 1, noNaN: true }), (open, share) => {
        const all = sum(taken(share, shareStarts(open, share), open));
        expect(all).to.be.within(Math.floor(share * sum(open)), Math.ceil(share * sum(open) + 1e-9));
        if (sum(open) > 0) expect(all).to.be.at.least(1);
      }),
      { verbose: true },
    );
  });

  it("takes the first that comes if nothing is open, and not the first of each worker", () => {
    const starts = shareStarts([0, 0, 0, 0], 0.25);
    expect(taken(0.25, starts, [1, 1, 1, 1])).to.deep.equal([1, 0, 0, 0]);
    expect(sum(taken(0.25, starts, [4, 4, 4, 4]))).to.equal(4);
  });
});
