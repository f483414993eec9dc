import { expect } from "chai";
import { hexLines, preview } from "../../../../core/cli/watch/bytes.ts";

describe("bytes in the terminal", () => {
  const shown = (text: string | Uint8Array, columns = 200): string => preview(Buffer.from(text as string), columns);

  it("are one line that can steer nothing: line breaks, escapes and what reverses a line are written out", () => {
    expect(shown("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).to.equal(String.raw`GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(shown("a\u001b[2J\u202eb\\n")).to.equal(String.raw`a\x1b[2J\u202eb\\n`);
  });

  it("are UTF-8 where they are that, and a byte a character where not", () => {
    expect(shown("grüße, 世界")).to.equal("grüße, 世界");
    expect(shown(Buffer.from([0xff, 0x00, 0x41, 0xe9]))).to.equal(String.raw`ÿ\x00Aé`);
    const long = Buffer.from("é".repeat(400));
    expect(preview(long.subarray(1), 30), "it begins within a character").to.include("Ã");
    expect(preview(long, 10)).to.equal(`${"é".repeat(9)}…`);
  });

  it("are cut to the width of the line, and never within an escape", () => {
    expect(shown("abcdefghij", 5)).to.equal("abcd…");
    expect(shown("abc\n\n", 6)).to.equal(String.raw`abc\n…`);
    expect(shown("abc", 4)).to.equal("abc");
    expect(shown("x".repeat(600), 1000)).to.equal(`${"x".repeat(512)}…`);
  });

  it("are cut at the columns that characters take", () => {
    expect(shown("日本語", 7)).to.equal("日本語");
    expect(shown("日本語", 6)).to.equal("日本…");
    expect(shown("👩‍👩‍👧👩‍👩‍👧", 4)).to.equal("👩‍👩‍👧…");
  });

  it("are a dump of 16 a line, and of 16 lines at most", () => {
    expect(hexLines(Buffer.from("GET / HTTP/1.1\r\nx"), 17)).to.deep.equal([
      "0000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1··",
      `0010  78${" ".repeat(48)}x`,
    ]);
    expect(hexLines(Buffer.from("GET / HTTP"), 10, 60), "in a narrow terminal").to.deep.equal([
      "0000  47 45 54 20 2f 20 48 54   GET / HT",
      `0008  54 50${" ".repeat(21)}TP`,
    ]);
    const lines = hexLines(Buffer.alloc(16_384), 65_536);
    expect(lines).to.have.length(17);
    expect(lines.at(-1)).to.equal("… 65280 more bytes");
    expect(hexLines(Buffer.alloc(256), 256)).to.have.length(16);
    expect(hexLines(Buffer.alloc(0), 0)).to.deep.equal([]);
  });
});
