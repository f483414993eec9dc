import { expect } from "chai";
import { fieldLines } from "../../../../../plugins/http/message/message-head.ts";

describe("The fields of a message", () => {
  it("go out as they are, one line each", () => {
    expect(fieldLines([])).to.equal("");
    expect(fieldLines(["X-A", "b", "x-a", "", "c", "\t\u00e9 ~"])).to.equal("X-A: b\r\nx-a: \r\nc: \t\u00e9 ~\r\n");
  });

  for (const name of ["", "a b", "a:", "a\r\nb", "\u00e9", "a\0"])
    it(`are refused with the name ${JSON.stringify(name)}`, () => {
      expect(() => fieldLines([name, "b"])).to.throw(TypeError);
    });

  for (const value of ["a\r\nb: c", "a\n", "a\r", "\0", "\u007f", "\u20ac", "\ud800"])
    it(`are refused with the value ${JSON.stringify(value)}`, () => {
      expect(() => fieldLines(["a", value])).to.throw(TypeError, "the value of a has a character that no header may have");
    });

  it("are refused with a value that is no text", () => {
    expect(() => fieldLines(["a", 1 as never])).to.throw(TypeError);
  });
});
