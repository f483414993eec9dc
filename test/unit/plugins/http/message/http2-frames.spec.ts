import { expect } from "chai";
import { Http2Frames } from "../../../../../plugins/http/message/http2-frames.ts";
import { frame } from "../../../../support/http2-frames.ts";

describe("The frames of HTTP/2", () => {
  const frames = Buffer.concat([
    frame(4, 0, "", 1),
    frame(1, 3, "header", 4),
    frame(0, 3, "12345"),
    frame(6, 0, "12345678", 1),
    frame(0, 2_147_483_647, "123", 1),
    frame(0, 3, "", 1),
    frame(1, 5, "header", 5),
  ]);

  for (const size of [1, 2, 8, 9, 10, 17, frames.length]) {
    it(`tell how much data passed of which stream, and which have ended, in pieces of ${size}`, () => {
      const seen = new Map<number, number>();
      let told = 0;
      const ended: number[] = [];
      const begun: string[] = [];
      const sent = new Http2Frames({
        begun: ({ type, stream, length }) => begun.push(`${type} ${stream} ${length}`),
        payload: ({ type, stream }, bytes) => {
          if (type !== 0) return;
          seen.set(stream, (seen.get(stream) ?? 0) + bytes);
          told += 1;
        },
        ended: ({ endsStream, stream }) => {
          if (endsStream) ended.push(stream);
        },
      });
      for (let at = 0; at < frames.length; at += size) sent.passed(frames.subarray(at, at + size));
      expect(begun).to.deep.equal(["4 0 0", "1 3 6", "0 3 5", "6 0 8", "0 2147483647 3", "0 3 0", "1 5 6"]);
      expect([...seen]).to.deep.equal([
        [3, 5],
        [2_147_483_647, 3],
      ]);
      expect(told).to.be.at.least(3);
      expect(ended).to.deep.equal([2_147_483_647, 3, 5]);
    });
  }

  const goaway = (code: number): Buffer =>
    frame(7, 0, Buffer.concat([Buffer.of(0, 0, 0, 5, 0, 0, code >> 8, code & 0xff), Buffer.from("why")]));

  for (const size of [1, 3, 9, 13, 30, 1_000]) {
    it(`tell that a connection was given up, with the code, in pieces of ${size}, behind a preface`, () => {
      for (const code of [0, 1, 6, 300]) {
        const all = Buffer.concat([Buffer.from("preface"), goaway(0), goaway(code), frame(0, 1, "12345678")]);
        const sent = new Http2Frames({}, 7);
        for (let at = 0; at < all.length; at += size) sent.passed(all.subarray(at, at + size));
        expect(sent.fatal).to.equal(code);
      }
    });
  }
});
