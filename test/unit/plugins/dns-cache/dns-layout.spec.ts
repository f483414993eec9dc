import { expect } from "chai";
import { hasAliasLoop } from "../../../../plugins/dns-cache/dns-answer.ts";
import { layoutOf, nameAt } from "../../../../plugins/dns-cache/dns-layout.ts";
import { query } from "./dns-messages.ts";

const question = query(1, "www.example.test");

/** An answer whose records are given as bytes: the owner, then the rest of an address record. */
function answerWith(...owners: readonly Buffer[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(owners.length, 6);
  const rest = Buffer.from([0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1]);
  return Buffer.concat([head, ...owners.flatMap((owner) => [owner, rest])]);
}

const pointer = (to: number): Buffer => Buffer.from([0xc0 | (to >> 8), to & 0xff]);
const end = question.length;

describe("the layout of a DNS message", () => {
  const sound: readonly (readonly [string, Buffer])[] = [
    ["the question's name", answerWith(pointer(12))],
    ["a part of the question's name", answerWith(pointer(16))],
    ["a label before it", answerWith(Buffer.concat([Buffer.from([1, 97]), pointer(16)]))],
    ["a name by way of another pointer", answerWith(Buffer.concat([Buffer.from([1, 97]), pointer(16)]), pointer(end))],
    ["the root", answerWith(Buffer.from([0]))],
  ];
  for (const [what, message] of sound) {
    it(`reads an owner that is ${what}`, () => {
      expect(layoutOf(message)?.records[0]?.end).to.be.above(end);
    });
  }

  const unsound: readonly (readonly [string, Buffer])[] = [
    ["a pointer to itself", answerWith(pointer(end))],
    ["a pointer to itself behind a label", answerWith(Buffer.concat([Buffer.from([1, 97]), pointer(end)]))],
    ["a pointer forward", answerWith(pointer(end + 16), Buffer.from([0]))],
    ["a pointer into the header", answerWith(pointer(4))],
    ["a pointer to a pointer to itself in data before", answerWith(Buffer.from([0]), pointer(end + 11))],
  ];
  const last = unsound.at(-1)?.[1];
  pointer(end + 11).copy(last ?? Buffer.alloc(0), end + 11);
  for (const [what, message] of unsound) {
    it(`refuses an owner that is ${what}`, () => {
      expect(layoutOf(message)).to.equal(undefined);
    });
  }

  it("reads names whatever they point to, or says that they have no end", () => {
    const message = answerWith(Buffer.concat([Buffer.from([1, 65]), pointer(16)]), pointer(end), pointer(end + 36));
    expect(nameAt(message, end)).to.equal("\u0001a\u0007example\u0004test");
    expect(nameAt(message, end + 18)).to.equal(nameAt(message, end));
    expect(nameAt(Buffer.from([0xc0, 0]), 0)).to.equal(undefined);
    expect(nameAt(Buffer.alloc(300, Buffer.concat([Buffer.from([49]), Buffer.alloc(49, 97)])), 0)).to.equal(undefined);
  });

  it("reads no more records than anybody sends, and follows no more aliases than anybody does", () => {
    const many = (count: number): Buffer => answerWith(...Array.from({ length: count }, () => pointer(12)));
    expect(layoutOf(many(1_024))?.records).to.have.length(1_024);
    expect(layoutOf(many(1_025))).to.equal(undefined);
    const aliases = (count: number): Buffer => {
      const message = many(count);
      const size = 16;
      // Each is an alias of one label: no two have the same name.
      for (let at = end; at < message.length; at += size) {
        message.writeUInt16BE(5, at + 2);
        message.set([2, 97 + (at % 26), 97 + (Math.floor(at / 26) % 26), 0], at + 12);
      }
      return message;
    };
    for (const [count, isLoop] of [
      [64, false],
      [65, true],
    ] as const) {
      const message = aliases(count);
      const layout = layoutOf(message);
      expect(layout !== undefined && hasAliasLoop(message, layout)).to.equal(isLoop);
    }
  });
});
