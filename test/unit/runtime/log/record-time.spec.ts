import { expect } from "chai";
import { recordTime } from "../../../../core/runtime/log/record-time.ts";

describe("The time of a record", () => {
  it("is that of Date.toISOString, whatever the milliseconds, also when the clock is set back", () => {
    const second = Date.UTC(2026, 10, 27, 11, 59, 59);
    for (const at of [0, 7, 42, 999, 1000, 61_005, 999, 3, -1, 12_345_678].map((each) => second + each))
      expect(recordTime(at)).to.equal(`,"time":"${new Date(at).toISOString()}"`);
  });

  it("is the present time unless the record has a time of its own", () => {
    const [before, text, after] = [Date.now(), recordTime(), Date.now()];
    const at = Date.parse(/"time":"([^"]*)"/.exec(text)?.[1] ?? "");
    expect(at).to.be.within(before, after);
  });
});
