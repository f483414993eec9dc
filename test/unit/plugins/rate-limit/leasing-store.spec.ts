import { expect } from "chai";
import { LeasingStore } from "../../../../plugins/rate-limit/leasing-store.ts";
import { MemoryStore } from "../../../../plugins/rate-limit/memory-store.ts";

const options = { prefix: "", timeout: undefined, onError: "local", share: 1 } as const;
/** 100 tokens in 100 ms, but no time passes. */
const fast = { rate: 1, burst: 300 };
/** Less than a token in 100 ms. */
const slow = { rate: 1e-9, burst: 10 };

/** The store of one of the processes that share these buckets. */
function storeOf(buckets: MemoryStore, asked: number[] = []): LeasingStore {
  const connected = Promise.resolve();
  const decide = async (key: string, [rate, burst, cost]: readonly [number, number, number]): Promise<number> => {
    asked.push(cost);
    return Promise.resolve(buckets.take(key, cost, { rate, burst }, 0));
  };
  return new LeasingStore({ connected, decide }, options, 10);
}

/** How many of so many questions at once are granted. */
async function granted(stores: readonly LeasingStore[], questions: number, limit = fast): Promise<number> {
  const asked = stores.flatMap((store) => Array.from({ length: questions }, async () => store.take("k", 1, limit, 0)));
  return (await Promise.all(asked)).filter((wait) => wait === 0).length;
}

describe("LeasingStore", () => {
  for (const processes of [1, 2, 3]) {
    for (const [rate, limit] of Object.entries({ fast, slow })) {
      it(`grants the burst to many questions at once, no more and no less: ${processes} processes, a ${rate} rate`, async () => {
        const buckets = new MemoryStore(10);
        const stores = Array.from({ length: processes }, () => storeOf(buckets));
        expect(await granted(stores, limit.burst * 2, limit)).to.equal(limit.burst);
      });
    }
  }

  it("takes one lease at a time, which pays for what is asked meanwhile", async () => {
    const [buckets, asked] = [new MemoryStore(10), [] as number[]];
    const store = storeOf(buckets, asked);
    expect(await granted([store], 60)).to.equal(60);
    expect(asked).to.deep.equal([1, 1, 1, 1, 101]);
    expect(await granted([store], 45)).to.equal(45);
    expect(asked, "the lease is spent").to.have.length(5);
  });

  it("takes no lease that would save nothing", async () => {
    const [buckets, asked] = [new MemoryStore(10), [] as number[]];
    expect(await granted([storeOf(buckets, asked)], 8, slow)).to.equal(8);
    expect(asked).to.deep.equal(Array(8).fill(1));
  });
});
