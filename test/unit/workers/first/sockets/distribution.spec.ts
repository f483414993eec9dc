import { expect } from "chai";
import { Distribution } from "../../../../../core/workers/first/sockets/distribution.ts";
import { LimitsOfSockets } from "../../../../../core/workers/first/sockets/limits-of-sockets.ts";

interface Standing {
  pending: number;
  isHanging: boolean;
}

describe("connections of several workers", () => {
  /** For each of so many connections, the worker that gets it. */
  function given(count: number, workers: readonly Partial<Standing>[]): readonly number[] {
    const taken: number[] = [];
    const all = workers.map((standing, place) => ({
      pending: 0,
      isHanging: false,
      isGone: false,
      serves: new Set([1]),
      sessions: 0,
      ...standing,
      take: () => void taken.push(place),
    }));
    const distribution = new Distribution(() => all as never, new LimitsOfSockets());
    for (let index = 0; index < count; index += 1) distribution.take({ socket: 1, connection: {} });
    return taken;
  }

  it("go to the workers in turn, without busy ones", () => {
    expect(given(6, [{}, {}, {}])).to.deep.equal([1, 2, 0, 1, 2, 0]);
    expect(given(4, [{}, { pending: 32 }])).to.deep.equal([0, 0, 0, 0]);
    expect(given(4, [{ pending: 40 }, { pending: 32 }])).to.deep.equal([1, 0, 1, 0]);
  });

  it("go to none that hangs, even if all others are busy, unless all hang", () => {
    expect(given(4, [{}, { pending: 1, isHanging: true }])).to.deep.equal([0, 0, 0, 0]);
    expect(given(4, [{ pending: 50 }, { pending: 1, isHanging: true }])).to.deep.equal([0, 0, 0, 0]);
    const hangs = { pending: 1, isHanging: true };
    expect(given(4, [hangs, hangs])).to.deep.equal([1, 0, 1, 0]);
  });
});
