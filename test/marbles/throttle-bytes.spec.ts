import { expect } from "chai";
import { TestScheduler } from "rxjs/testing";
import { throttleBytes } from "sluice/flow";

const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));
const chunks = { a: Buffer.alloc(1), b: Buffer.alloc(3), c: Buffer.alloc(2) };

describe("throttleBytes under virtual time", () => {
  it("lets each chunk pass when its time has come, in order, and asks for one only when all before it have passed", () => {
    const test = scheduler();
    const asked: [number, number][] = [];
    test.run(({ cold, expectObservable }) => {
      const throttled = cold("(abc|)", chunks).pipe(
        throttleBytes((bytes) => {
          asked.push([test.now(), bytes]);
          return bytes * 2;
        }, test),
      );
      expectObservable(throttled).toBe("--a-----b---(c|)", chunks);
    });
    expect(asked).to.deep.equal([
      [0, 1],
      [2, 3],
      [8, 2],
    ]);
  });

  it("passes at once what need not wait", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      expectObservable(cold("ab-c|", chunks).pipe(throttleBytes(() => 0, test))).toBe("ab-c|", chunks);
    });
  });

  it("fails with what its function throws", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      const failing = throttleBytes(() => {
        throw new Error("empty");
      }, test);
      expectObservable(cold("-a-b|", chunks).pipe(failing)).toBe("-#", chunks, new Error("empty"));
    });
  });
});
