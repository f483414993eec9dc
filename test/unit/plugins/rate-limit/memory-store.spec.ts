import { expect } from "chai";
import { MemoryStore } from "../../../../plugins/rate-limit/memory-store.ts";

const perSecond = (rate: number, burst: number): { rate: number; burst: number } => ({ rate: rate / 1_000, burst });

/** How many of the calls, one per `gap` milliseconds, are granted. */
function granted(store: MemoryStore, limit: { rate: number; burst: number }, times: Iterable<number>): number {
  let count = 0;
  for (const now of times) if (store.take("k", 1, limit, now) === 0) count += 1;
  return count;
}

function* every(gap: number, from: number, to: number): Generator<number> {
  for (let now = from; now <= to; now += gap) yield now;
}

describe("a token bucket", () => {
  for (const rate of [10, 100, 1_000]) {
    it(`grants rate · time + burst at ${rate} per second`, () => {
      const count = granted(new MemoryStore(10), perSecond(rate, 20), every(0.25, 0, 10_000));
      expect(count).to.be.closeTo(rate * 10 + 20, 1);
    });
  }

  it("says when to ask again, and grants then", () => {
    const store = new MemoryStore(10);
    const limit = perSecond(10, 1);
    expect(store.take("k", 1, limit, 0)).to.equal(0);
    expect(store.take("k", 1, limit, 40)).to.equal(60);
    expect(store.take("k", 1, limit, 100)).to.equal(0);
  });

  it("earns nothing from a clock that steps back, and at most one burst from one that steps forward", () => {
    const store = new MemoryStore(10);
    const limit = perSecond(10, 5);
    expect(granted(store, limit, every(10, 100_000, 101_000))).to.equal(15);
    expect(granted(store, limit, every(10, 1_000, 2_000))).to.equal(10);
    expect(granted(store, limit, every(10, 9_000_000, 9_001_000))).to.equal(15);
  });

  it("lets a cost above the burst pass when it is full, and owes the rest", () => {
    const store = new MemoryStore(10);
    const limit = perSecond(10, 5);
    expect(store.take("k", 25, limit, 0)).to.equal(0);
    expect(store.take("k", 1, limit, 0)).to.equal(2_100);
  });

  it("keeps reservations in order", () => {
    const store = new MemoryStore(10);
    const limit = perSecond(10, 1);
    expect([0, 0, 0].map((now) => store.reserve("k", 1, limit, now))).to.deep.equal([0, 100, 200]);
    expect(store.reserve("k", 1, limit, 0)).to.equal(300);
  });

  it("scales the remaining tokens when a reload changes the burst", () => {
    const before = new MemoryStore(10);
    for (let taken = 0; taken < 5; taken += 1) before.take("k", 1, perSecond(10, 10), 0);
    for (const maxKeys of [10, 20]) {
      const after = new MemoryStore(maxKeys);
      after.adopt(before);
      const results = Array.from({ length: 12 }, () => after.take("k", 1, perSecond(20, 20), 0));
      expect(results.filter((wait) => wait === 0)).to.have.length(maxKeys === 10 ? 10 : 0);
    }
  });

  it("forgets the bucket unused longest when there are too many", () => {
    const store = new MemoryStore(2);
    const limit = perSecond(1, 1);
    for (const key of ["a", "b", "c"]) store.take(key, 1, limit, 0);
    expect(store.take("c", 1, limit, 0)).to.be.above(0);
    expect(store.take("a", 1, limit, 0)).to.equal(0);
  });
});
