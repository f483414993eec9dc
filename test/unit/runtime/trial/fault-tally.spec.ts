import { expect } from "chai";
import { FaultTally } from "../../../../core/runtime/trial/fault-tally.ts";

describe("FaultTally", () => {
  it("says who failed, how often, and where last, from the config's folder", () => {
    const tally = new FaultTally("/srv/proxy");
    tally.add("shout", "/srv/proxy/my-plugins/shout.ts:3:1");
    tally.add("other", "/opt/other.js:1:2");
    tally.add("shout", undefined);
    tally.add("shout", "/srv/proxy/my-plugins/shout.ts:7:12");
    expect(tally.text).to.equal("shout failed 3 times, my-plugins/shout.ts:7:12; other failed 1 time, /opt/other.js:1:2");
  });

  it("says so where no place is known", () => {
    const tally = new FaultTally("/srv/proxy");
    tally.add("shout", undefined);
    expect(tally.text).to.equal("shout failed 1 time");
  });
});
