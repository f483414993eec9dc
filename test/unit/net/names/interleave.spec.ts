import { expect } from "chai";
import { interleave } from "../../../../core/net/names/interleave.ts";

const addresses = (...texts: string[]) => texts.map((address) => ({ address, family: address.includes(":") ? 6 : 4, ttl: 1 }) as const);
const order = (...texts: string[]): string[] => interleave(addresses(...texts)).map(({ address }) => address);

describe("interleaving addresses", () => {
  it("lets the families take turns, beginning with that of the first", () => {
    expect(order("::1", "::2", "::3", "1.1.1.1", "2.2.2.2")).to.deep.equal(["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]);
    expect(order("1.1.1.1", "2.2.2.2", "::1")).to.deep.equal(["1.1.1.1", "::1", "2.2.2.2"]);
  });

  it("keeps the order of one family", () => {
    expect(order("2.2.2.2", "1.1.1.1")).to.deep.equal(["2.2.2.2", "1.1.1.1"]);
    expect(order()).to.deep.equal([]);
  });
});
