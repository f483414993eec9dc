import { expect } from "chai";
import { interval, timer } from "rxjs";
import { virtualClock } from "sluice/testing";
import { refusalOf } from "../../../support/rejection.ts";

describe("A virtual clock", () => {
  it("stands still until it is advanced, and runs each timer at its own time", () => {
    const clock = virtualClock({ start: 1_000 });
    const seen: (readonly [string, number])[] = [];
    timer(20, clock).subscribe(() => seen.push(["late", clock.now()]));
    timer(10, clock).subscribe(() => {
      seen.push(["early", clock.now()]);
      timer(5, clock).subscribe(() => seen.push(["between", clock.now()]));
    });
    expect(clock.now()).to.equal(1_000);
    clock.advance("10ms");
    expect(seen).to.deep.equal([["early", 1_010]]);
    clock.advance(1_000);
    expect(seen).to.deep.equal([
      ["early", 1_010],
      ["between", 1_015],
      ["late", 1_020],
    ]);
    expect([clock.now(), clock.pending]).to.deep.equal([2_010, 0]);
  });

  it("keeps the period of an interval when it is advanced by other times, and forgets unsubscribed timers", () => {
    const clock = virtualClock();
    let beats = 0;
    const beating = interval(10, clock).subscribe(() => (beats += 1));
    for (const span of [7, 7, 7, "1s"]) clock.advance(span);
    expect(beats).to.equal(102);
    expect(clock.pending).to.equal(1);
    beating.unsubscribe();
    expect(clock.pending).to.equal(0);
    clock.advance("1h");
    expect(beats).to.equal(102);
  });

  it("keeps the order of timers that are due at the same time, and runs those behind one that throws", () => {
    const clock = virtualClock();
    const seen: number[] = [];
    clock.schedule(() => seen.push(1), 5);
    clock.schedule(() => {
      throw new Error("broken");
    }, 5);
    clock.schedule(() => seen.push(2), 5);
    expect(() => clock.advance(5)).to.throw("broken");
    clock.advance(0);
    expect(seen).to.deep.equal([1, 2]);
  });

  it("refuses a value that is not a duration", async () => {
    const error = await refusalOf(() => virtualClock().advance("soon"));
    expect(error.code).to.equal("SLUICE_TEST_INVALID");
    expect(error.message).to.include('"soon"');
  });
});
