import { expect } from "chai";
import { HeldBytes } from "../../../../../plugins/http/message/held-bytes.ts";

describe("Bytes that are held", () => {
  it("come back in order, with what was put back first, and are counted", () => {
    const held = new HeldBytes();
    held.push(Buffer.from("abc"));
    held.push(Buffer.from("de"));
    expect(held.length).to.equal(5);
    const first = held.shift();
    expect([String(first), held.length]).to.deep.equal(["abc", 2]);
    held.unshift(Buffer.from("c"));
    expect(held.length).to.equal(3);
    expect([String(held.shift()), String(held.shift()), held.shift(), held.length]).to.deep.equal(["c", "de", undefined, 0]);
  });

  it("are forgotten when they are cleared", () => {
    const held = new HeldBytes();
    held.push(Buffer.from("a"));
    held.clear();
    expect([held.length, held.shift()]).to.deep.equal([0, undefined]);
  });
});
