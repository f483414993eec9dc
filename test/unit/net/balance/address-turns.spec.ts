import { expect } from "chai";
import type { Address, Balance } from "../../../../core/contract/index.ts";
import { AddressTurns } from "../../../../core/net/balance/address-turns.ts";

const address = (text: string): Address => ({ address: text, family: text.includes(":") ? 6 : 4, ttl: 1 });
const four = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map(address);

function turns(balance: Balance = "round-robin", random = (): number => 0) {
  const clock = { now: 0 };
  const own = new AddressTurns(balance, random, () => clock.now);
  const order = (addresses: readonly Address[] = four): string[] => own.order(addresses).map((each) => each.address);
  return {
    own,
    clock,
    order,
    firsts: (count: number): string[] => Array.from({ length: count }, () => order()[0] ?? "").map((text) => text.slice(-1)),
  };
}

describe("the addresses of a name", () => {
  it("take turns with round-robin, in whatever order they come", () => {
    const { firsts, order } = turns();
    expect(firsts(6)).to.deep.equal(["1", "2", "3", "4", "1", "2"]);
    expect(order(four.toReversed())[0]).to.equal("10.0.0.3");
  });

  it("are taken as chance has it with random", () => {
    const draws = [0.9, 0, 0.5];
    expect(turns("random", () => draws.shift() ?? 0).firsts(3)).to.deep.equal(["4", "1", "3"]);
  });

  it("go to the one with the fewest open legs with least-connections", () => {
    const { own, firsts } = turns("least-connections");
    for (const each of ["10.0.0.1", "10.0.0.2", "10.0.0.4"]) own.opened(each);
    expect(firsts(2)).to.deep.equal(["3", "3"]);
    own.opened("10.0.0.3");
    own.closed("10.0.0.4");
    expect(firsts(1)).to.deep.equal(["4"]);
  });

  it("take turns within their family, and the families in turn", () => {
    const { order } = turns();
    const both = ["fd00::1", "fd00::2", "10.0.0.1"].map(address);
    expect(order(both)).to.deep.equal(["fd00::1", "10.0.0.1", "fd00::2"]);
    expect(order(both)).to.deep.equal(["fd00::2", "10.0.0.1", "fd00::1"]);
  });

  it("go last for a while after a failure, longer each time in a row, until they work", () => {
    const { own, clock, firsts, order } = turns();
    own.missed("10.0.0.1");
    expect(firsts(4)).to.deep.equal(["2", "3", "4", "2"]);
    expect(order().at(-1)).to.equal("10.0.0.1");
    clock.now = 30_000;
    expect(firsts(1)).to.deep.equal(["1"]);
    own.missed("10.0.0.1");
    clock.now = 89_999;
    expect(order().at(-1)).to.equal("10.0.0.1");
    own.worked("10.0.0.1");
    expect(order().at(-1)).to.not.equal("10.0.0.1");
  });

  it("go first all the same when all have failed, the one whose time is over soonest", () => {
    const { own, clock, order } = turns();
    for (const { address: each } of four.toReversed()) {
      clock.now += 1;
      own.missed(each);
    }
    expect(order()).to.deep.equal(["10.0.0.4", "10.0.0.3", "10.0.0.2", "10.0.0.1"]);
  });

  it("of a family that fails let the other family go first", () => {
    const { own, order } = turns();
    const local = ["127.0.0.1", "::1"].map(address);
    own.missed("127.0.0.1");
    expect(order(local)).to.deep.equal(["::1", "127.0.0.1"]);
  });
});
