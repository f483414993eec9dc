import { expect } from "chai";
import { CountersOfWorkers } from "../../../../../core/workers/first/answers/counters-of-workers.ts";

describe("the counters of status with several workers", () => {
  it("are the sums of all workers, each series by itself", () => {
    const counters = new CountersOfWorkers();
    const sums = counters.sums(
      [{ isGone: false }, { isGone: false }],
      [
        { sessions: 1, 'orders{to="a"}': 2 },
        { sessions: 4, 'orders{to="b"}': 8 },
      ],
    );
    expect(sums).to.deep.equal({ sessions: 5, 'orders{to="a"}': 2, 'orders{to="b"}': 8 });
  });

  it("do not fall when a worker dies, nor count it twice when it only did not answer once", () => {
    const counters = new CountersOfWorkers();
    const [one, two] = [{ isGone: false }, { isGone: false }];
    expect(counters.sums([one, two], [{ sessions: 5 }, { sessions: 7 }])).to.deep.equal({ sessions: 12 });
    expect(counters.sums([one], [{ sessions: 6 }])).to.deep.equal({ sessions: 13 });
    expect(counters.sums([one, two], [{ sessions: 6 }, { sessions: 8 }])).to.deep.equal({ sessions: 14 });
    two.isGone = true;
    expect(counters.sums([one, { isGone: false }], [{ sessions: 6 }, { sessions: 1 }])).to.deep.equal({ sessions: 15 });
  });
});
