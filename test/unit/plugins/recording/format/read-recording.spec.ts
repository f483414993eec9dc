import { expect } from "chai";
import { readRecording } from "../../../../../plugins/recording/format/read-recording.ts";

const head = "sluice: recording/1\ntransport: tcp\nexchange:\n";

describe("a recording that was edited by hand", () => {
  for (const [what, entries, message] of [
    ["an unknown word", "  - from: client\n    txt: a\n", "rec.yaml:5:5: unknown: txt"],
    ["no data", "  - from: client\n    at: 1ms\n", "rec.yaml:4:5: expected one of text, hex, base64 and file"],
    ["a wrong side", "  - from: server\n    text: a\n", "rec.yaml:4:11: expected from: client or upstream"],
    ["half a byte", '  - from: client\n    hex: "5"\n', "rec.yaml:5:10: expected pairs of hex digits"],
    ["a wrong expression", "  - from: client\n    match: { regexp: '(' }\n", "rec.yaml:5:22: Invalid regular expression"],
    ["an alias", "  - from: client\n    text: &ping PING\n  - from: upstream\n    text: *ping\n", "rec.yaml:7:11: write the value here"],
    ["an alias of nothing", "  - from: client\n    at: *later\n    text: a\n", "rec.yaml:5:9: write the value here"],
    ["an alias of what contains it", "  - &all { from: client, text: a, match: *all }\n", "rec.yaml:4:42: write the value here"],
    ["a template that is not called one", '  - from: client\n    hex: "${id} 00"\n', "rec.yaml:5:10: expected pairs of hex digits"],
  ] as const)
    it(`is refused with ${what}, and with the place`, () => {
      expect(() => readRecording(head + entries, "rec.yaml")).to.throw(message);
    });

  it("has templates in hex where an entry says so, and text that looks like one", () => {
    const text =
      '  - from: client\n    text: "${a}"\n    capture: { id: "^.." }\n  - from: upstream\n    template: true\n    hex: "${id} 00"\n';
    const [entries = []] = readRecording(head + text, "rec.yaml").sessions;
    expect(entries.map((each) => ("bytes" in each ? each.bytes.toString("latin1") : ""))).to.deep.equal(["${a}", "${id}\0"]);
  });
});
