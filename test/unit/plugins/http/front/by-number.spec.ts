import { expect } from "chai";
import { array, assert as assertAlways, boolean, nat, property, tuple } from "fast-check";
import { ByNumber } from "../../../../../plugins/http/front/by-number.ts";

describe("things by number", () => {
  it("are found and gone like those in a Map", () => {
    assertAlways(
      property(array(tuple(boolean(), nat({ max: 12 }))), (steps) => {
        const model = new Map<number, string>();
        const things = new ByNumber<string>();
        for (const [adds, number] of steps) {
          if (!adds) {
            model.delete(number);
            things.delete(number);
          } else if (!model.has(number)) {
            model.set(number, `${number}`);
            things.add(number, `${number}`);
          }
          expect(things.size).to.equal(model.size);
          for (let each = 0; each <= 12; each += 1) expect(things.get(each)).to.equal(model.get(each));
          expect(things.all).to.have.members([...model.values()]);
        }
      }),
    );
  });
});
