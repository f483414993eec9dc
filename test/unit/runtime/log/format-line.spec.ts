import { expect } from "chai";
import { createLineFormat } from "../../../../core/runtime/log/format-line.ts";
import { hexDump } from "../../../../core/runtime/log/hex-dump.ts";

const format = createLineFormat(false);
const time = new Date(2026, 10, 26, 22, 14, 3, 5).toISOString();

describe("a record for people", () => {
  it("is one line: time, level, place, message, fields", () => {
    const fields = { client: "127.0.0.1:5000", reason: "closed", fromClient: { bytes: 5, chunks: 1 }, path: "/a b" };
    const json = JSON.stringify({ level: 30, time, listener: "web", plugin: "logging", ...fields, msg: "session ended" });
    expect(format(`${json}\n`)).to.equal(
      '22:14:03.005  info   web/logging  session ended  client=127.0.0.1:5000 reason=closed fromClient.bytes=5 fromClient.chunks=1 path="/a b"\n',
    );
  });

  it("says no more than there is", () => {
    expect(format(JSON.stringify({ level: 40, time, msg: "careful" }))).to.equal("22:14:03.005  warn   careful\n");
  });

  it("has nothing in it that steers a terminal, wherever it comes from", () => {
    const evil = "\u001b[2J\r\n\u009b31m\u202e";
    const line = format(
      JSON.stringify({ level: 30, time, listener: evil, [evil]: evil, stack: evil, msg: evil, data: { [evil]: [evil] } }),
    );
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(line.replaceAll("\n", "")).to.not.match(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(line.trimEnd().split("\n"), "the line, and the stack's two").to.have.length(3);
  });

  it("shows a stack and a code frame below the line", () => {
    const json = JSON.stringify({ level: 50, time, msg: "failed", frame: "> 1 | a\n    | ^", stack: "Error: x\n    at f (/a.ts:1:2)" });
    expect(format(json).split("\n").slice(1)).to.deep.equal(["    > 1 | a", "        | ^", "    Error: x", "        at f (/a.ts:1:2)", ""]);
  });

  it("shows bytes as `hexdump -C` does", () => {
    const data = Buffer.from("0123456789abcdef\0hello").toString("hex");
    const dump = [
      "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
      "00000010  00 68 65 6c 6c 6f                                 |.hello|",
      "00000016",
    ];
    expect(format(JSON.stringify({ level: 30, time, bytes: 22, data, encoding: "hex", msg: "chunk" }))).to.equal(
      `22:14:03.005  info   chunk  bytes=22\n${dump.join("\n")}\n`,
    );
    expect(hexDump(Buffer.alloc(40, "A"))).to.equal(
      [
        "00000000  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|",
        "*",
        "00000020  41 41 41 41 41 41 41 41                           |AAAAAAAA|",
        "00000028",
      ].join("\n"),
    );
  });
});
