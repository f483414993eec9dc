import { expect } from "chai";
import { TestScheduler } from "rxjs/testing";
import { delayBytes } from "sluice/flow";

const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));
const chunks = { a: Buffer.from("a"), b: Buffer.from("b"), c: Buffer.from("c") };

describe("delayBytes under virtual time", () => {
  it("delays every chunk by the same time, and the end until after the last chunk", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      expectObservable(cold("ab--c|", chunks).pipe(delayBytes(5, test))).toBe("-----ab--(c|)", chunks);
    });
  });

  it("passes an error on at once", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      expectObservable(cold("a-#", chunks).pipe(delayBytes(5, test))).toBe("--#", chunks);
    });
  });

  it("drops held chunks when it is unsubscribed", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold("ab---", chunks);
      expectObservable(source.pipe(delayBytes(3, test)), "---!").toBe("----", chunks);
      expectSubscriptions(source.subscriptions).toBe("^--!");
    });
  });

  it("changes nothing with a delay of 0", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      expectObservable(cold("ab-(c|)", chunks).pipe(delayBytes(0, test))).toBe("ab-(c|)", chunks);
    });
  });
});
