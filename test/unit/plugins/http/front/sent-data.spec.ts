import { expect } from "chai";
import { SentData } from "../../../../../plugins/http/front/sent-data.ts";

function frame(type: number, stream: number, payload: string, flags = 0): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, Buffer.from(payload)]);
}

describe("The frames of HTTP/2 that are sent", () => {
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
      const sent = new SentData({
        data: (stream, bytes) => {
          seen.set(stream, (seen.get(stream) ?? 0) + bytes);
          told += 1;
        },
        ended: (stream) => ended.push(stream),
      });
      for (let at = 0; at < frames.length; at += size) sent.passed(frames.subarray(at, at + size));
      expect([...seen]).to.deep.equal([
        [3, 5],
        [2_147_483_647, 3],
      ]);
      expect(told).to.be.at.least(3);
      expect(ended).to.deep.equal([2_147_483_647, 3, 5]);
    });
  }
});
