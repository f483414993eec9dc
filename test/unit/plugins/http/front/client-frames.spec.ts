import { expect } from "chai";
import { ClientFrames } from "../../../../../plugins/http/front/client-frames.ts";
import { frame, preface } from "../../../../support/http2-frames.ts";

const headers = frame(1, 1, "header", 4);
const [part, end, reset] = [frame(0, 1, "12345"), frame(0, 1, "", 1), frame(3, 1, "\0\0\0\b")];

function follow(chunks: readonly Buffer[]): ClientFrames {
  const frames = new ClientFrames();
  for (const chunk of chunks) frames.received(chunk);
  return frames;
}

describe("The frames of a client of HTTP/2", () => {
  const cases: Record<string, [chunks: Buffer[], ending: string | undefined]> = {
    "a body that goes on": [[headers, part], undefined],
    "an end with the last part": [[headers, frame(0, 1, "12345", 1)], "ended"],
    "an empty end in the chunk of the last part": [[headers, Buffer.concat([part, end])], "perhaps"],
    trailers: [[headers, part, frame(1, 1, "header", 5)], "ended"],
    "a header that is all": [[frame(1, 1, "header", 5)], "ended"],
    "an empty end by itself": [[headers, part, end], "perhaps"],
    "an empty end by itself, cut": [[headers, part, end.subarray(0, 4), end.subarray(4)], "perhaps"],
    "an empty end, and the reset behind it": [[headers, part, Buffer.concat([end, reset])], "reset"],
    "an empty end, and the reset later": [[headers, part, end, reset], "reset"],
    "a reset": [[headers, part, reset], "reset"],
    "the end of another stream": [[headers, part, frame(0, 3, "", 1), frame(3, 5, "\0\0\0\b")], undefined],
  };
  for (const [what, [chunks, ending]] of Object.entries(cases)) {
    it(`tell how a stream ended: ${what}`, () => {
      expect(follow([preface, ...chunks]).endingOf(1)).to.equal(ending);
    });
  }

  it("are forgotten with their stream, and are not kept without a bound", () => {
    const frames = follow([preface, ...Array.from({ length: 5000 }, (_, index) => frame(3, 2 * index + 1, "\0\0\0\b"))]);
    expect([frames.endingOf(1), frames.endingOf(9999)]).to.deep.equal([undefined, "reset"]);
    frames.forget(9999);
    expect(frames.endingOf(9999)).to.equal(undefined);
  });

  const open: Record<string, [chunks: Buffer[], isOpen: boolean]> = {
    "nothing yet": [[], true],
    "a part of the preface": [[preface.subarray(0, 23)], true],
    "the preface": [[preface], false],
    "a part of a frame's header": [[preface, part.subarray(0, 8)], true],
    "a part of a payload": [[preface, part.subarray(0, 11)], false],
    "a block that goes on": [[preface, frame(1, 1, "header")], true],
    "a block that goes on in CONTINUATION": [[preface, frame(1, 1, "header"), frame(9, 1, "more")], true],
    "a block that has ended": [[preface, frame(1, 1, "header"), frame(9, 1, "more", 4)], false],
    "a block whose last octet is to come": [[preface, headers.subarray(0, -1)], true],
    "the preface and a block at once": [[Buffer.concat([preface, headers])], false],
  };
  for (const [what, [chunks, isOpen]] of Object.entries(open)) {
    it(`tell whether a header block is open: ${what}`, () => {
      expect(follow(chunks).inHeaderBlock).to.equal(isOpen);
    });
  }
});
