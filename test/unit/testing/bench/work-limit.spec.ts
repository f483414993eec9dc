import { expect } from "chai";
import { WorkLimit } from "../../../../core/testing/bench/work-limit.ts";

function waitWithoutWork(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("A limit of work", () => {
  it("is not reached while the process only waits, as it does on a busy machine", () => {
    const limit = new WorkLimit(100);
    waitWithoutWork(200);
    expect(limit.isReached).to.equal(false);
  });

  it("is reached by computing", () => {
    const limit = new WorkLimit(5);
    const began = process.cpuUsage();
    while (process.cpuUsage(began).user < 10_000);
    expect(limit.isReached).to.equal(true);
  });

  it("is reached by a long wait in the end", () => {
    const limit = new WorkLimit(1);
    waitWithoutWork(20);
    expect(limit.isReached).to.equal(true);
  });
});
