import { expect } from "chai";
import { shortBytes } from "../../../../core/testing/values/shown.ts";

describe("bytes in a title", () => {
  it("are the text that they are, or hex", () => {
    expect(shortBytes(Buffer.from('a "line"\n'))).to.equal(String.raw`"a \"line\"\n"`);
    expect(shortBytes(Buffer.of(0xff, 0, 0x0a))).to.equal("ff 00 0a");
  });

  it("are cut when they are long, whatever characters they are, and say how many they are", () => {
    for (const character of ["a", "ü", "漢", "🎉"]) {
      const bytes = Buffer.from(`x${character.repeat(300)}`);
      expect(shortBytes(bytes)).to.equal(`${JSON.stringify(bytes.toString()).slice(0, 56)}…" (${bytes.length} bytes)`);
    }
    expect(shortBytes(Buffer.alloc(300, 0xfe))).to.equal(`${"fe ".repeat(19).slice(0, 56)}… (300 bytes)`);
  });

  it("are hex when only the end of many is no text", () => {
    expect(shortBytes(Buffer.concat([Buffer.alloc(300, "a"), Buffer.of(0xff)]))).to.match(/^61 61 .*… \(301 bytes\)$/);
  });
});
