import { expect } from "chai";
import { BucketBook } from "../../../../core/runtime/state/bucket-book.ts";

describe("buckets of several processes", () => {
  let now = 1_000;
  const limit = { space: "a", most: 2, key: "k", rate: 0.01, burst: 3 };

  it("give the burst at once, then the rate", () => {
    const book = new BucketBook(() => now);
    expect([1, 2, 3].map(() => book.take({ ...limit, cost: 1 }))).to.deep.equal([0, 0, 0]);
    expect(book.take({ ...limit, cost: 1 })).to.equal(100);
    now += 99;
    expect(book.take({ ...limit, cost: 1 })).to.be.closeTo(1, 1e-6);
    now += 1;
    expect(book.take({ ...limit, cost: 1 })).to.equal(0);
    now += 10_000;
    expect([1, 2, 3, 4].map(() => book.take({ ...limit, cost: 1 }) > 0)).to.deep.equal([false, false, false, true]);
  });

  it("grant more than the burst to a full bucket, in debt", () => {
    const book = new BucketBook(() => now);
    expect(book.take({ ...limit, cost: 5 })).to.equal(0);
    expect(book.take({ ...limit, cost: 1 })).to.equal(300);
  });

  it("belong to their space, which forgets the one unused longest", () => {
    const book = new BucketBook(() => now);
    const empty = (space: string, key: string): boolean => book.take({ ...limit, space, key, cost: 3 }) > 0;
    expect([empty("a", "1"), empty("b", "1"), empty("a", "2"), empty("a", "2"), empty("a", "1")]).to.deep.equal([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect([empty("a", "3"), empty("a", "2")]).to.deep.equal([false, false]);
  });
});
