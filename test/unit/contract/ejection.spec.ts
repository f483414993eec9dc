import { expect } from "chai";
import { upstreamTarget, type UpstreamConfig } from "../../../core/contract/index.ts";

const ejectionOf = (ejection: unknown) => upstreamTarget({ endpoints: ["a:1"], ejection } as UpstreamConfig).ejection;

describe("the option `ejection` of an upstream", () => {
  it("has defaults; the longest time is never shorter than the first", () => {
    expect(ejectionOf({})).to.deep.equal({ failures: 5, time: 30_000, maxTime: 300_000 });
    expect(ejectionOf({ failures: 1, time: "10m" })).to.deep.equal({ failures: 1, time: 600_000, maxTime: 600_000 });
    expect(ejectionOf({ time: "10s", maxTime: "10s" })).to.deep.equal({ failures: 5, time: 10_000, maxTime: 10_000 });
  });

  it("may be false", () => {
    expect(ejectionOf(false)).to.equal(false);
  });

  const refused: Record<string, readonly [unknown, string]> = {
    true: [true, "ejection: expected false, or an object, got true"],
    "no failures": [{ failures: 0 }, "ejection.failures: expected at least 1, got 0"],
    "a part of a failure": [{ failures: 1.5 }, "ejection.failures: expected a whole number, got 1.5"],
    "more failures than anybody counts": [{ failures: 1_001 }, "ejection.failures: expected at most 1000, got 1001"],
    "a longest time shorter than the first": [
      { time: "1m", maxTime: "1s" },
      'ejection.maxTime: expected at least time (60000 ms), got "1s"',
    ],
    "a longest time shorter than the default of the first": [{ maxTime: "1s" }, "ejection.maxTime: expected at least time (30000 ms)"],
    "a word that it does not know": [{ maxtime: "1m" }, 'ejection.maxtime: unknown option, did you mean "maxTime"?'],
  };
  for (const [what, [value, says]] of Object.entries(refused))
    it(`refuses ${what}`, () => {
      expect(() => ejectionOf(value)).to.throw(says);
    });
});
