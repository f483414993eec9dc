import { expect } from "chai";
import { of, type SchedulerLike } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { throttleBytes } from "sluice/flow";

const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));
const chunks = { a: Buffer.alloc(1), b: Buffer.alloc(3), c: Buffer.alloc(2) };

describe("throttleBytes under virtual time", () => {
  it("passes each chunk at its time, in order, and asks for a chunk's time only when all earlier chunks have passed", () => {
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

  it("passes chunks that need not wait at once", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      expectObservable(cold("ab-c|", chunks).pipe(throttleBytes(() => 0, test))).toBe("ab-c|", chunks);
    });
  });

  it("fails with the error that its function throws", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      const failing = throttleBytes(() => {
        throw new Error("empty");
      }, test);
      expectObservable(cold("-a-b|", chunks).pipe(failing)).toBe("-#", chunks, new Error("empty"));
    });
  });

  it("never sets a timer so long that Node would fire it at once", () => {
    const test = scheduler();
    const asked: number[] = [];
    const schedule: SchedulerLike["schedule"] = (work: Parameters<typeof test.schedule>[0], delay, state?: unknown) => {
      asked.push(delay ?? 0);
      return test.schedule(work, delay, state);
    };
    const clock: SchedulerLike = { now: () => test.now(), schedule };
    const passed: number[] = [];
    of(chunks.a, chunks.b)
      .pipe(throttleBytes((bytes) => (bytes === 1 ? 2 ** 32 : Infinity), clock))
      .subscribe(() => passed.push(test.now()));
    test.maxFrames = Infinity;
    test.flush();
    expect(asked).to.deep.equal([2 ** 31 - 1, 2 ** 31 - 1, 2]);
    expect(passed, "and what is to wait for ever waits for no timer").to.deep.equal([2 ** 32]);
  });
});
