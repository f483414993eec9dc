import { expect } from "chai";
import { exponentOf } from "../../bench/growth/exponent.ts";
import { Rotation } from "../../bench/load/rotation.ts";

describe("the benchmark", () => {
  it("finds the exponent by which costs grow", () => {
    const grown = (cost: (size: number) => number): number =>
      exponentOf([10, 100, 1000, 10_000].map((size) => ({ size, cost: cost(size) })));
    expect(grown(() => 42)).to.be.closeTo(0, 1e-9);
    expect(grown((size) => 3 * size)).to.be.closeTo(1, 1e-9);
    expect(grown((size) => size ** 2 / 7)).to.be.closeTo(2, 1e-9);
    // A constant part hides growth at the small sizes only.
    expect(grown((size) => 1000 + size)).to.be.within(0.2, 0.5);
  });

  it("gives each of many clients its turn, some of them at a time", () => {
    const rotation = new Rotation(5, 2);
    const turns: number[] = [];
    let [first, second] = [0, 1];
    for (let round = 0; round < 5; round += 1) {
      first = rotation.after(first);
      second = rotation.after(second);
      turns.push(first, second);
    }
    expect(turns).to.deep.equal([2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    expect(new Rotation(3, 3).after(1)).to.equal(1);
  });
});
