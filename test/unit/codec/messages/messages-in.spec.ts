import { expect } from "chai";
import { jsonLines, lengthPrefixed, lines, type Codec } from "sluice/codec";
import { FrameCodec } from "../../../../core/codec/framing/frame-codec.ts";
import { messagesIn } from "../../../../core/codec/messages/messages-in.ts";

describe("the messages in one chunk", () => {
  const read = (codec: Codec<never>, chunk: Buffer | string): readonly unknown[] =>
    messagesIn((codec as unknown as FrameCodec<unknown>).framing, Buffer.from(chunk as string));

  it("are only the whole ones, without an unfinished one", () => {
    expect(read(lines() as Codec<never>, "one\ntwo\nthr")).to.deep.equal(["one", "two"]);
    expect(read(lines() as Codec<never>, "thr")).to.deep.equal([]);
    expect(read(lengthPrefixed({ bytes: 4 }) as Codec<never>, Buffer.from([0, 0, 0, 1, 0x41, 0, 0])).map(String)).to.deep.equal(["A"]);
  });

  it("end before bytes that are not a frame, without an error", () => {
    expect(read(jsonLines<never>(), '{"a":1}\nno\n{"b":2}\n')).to.deep.equal([{ a: 1 }]);
    expect(read(lengthPrefixed({ bytes: 4, max: 4 }) as Codec<never>, Buffer.from([0xff, 0xff, 0xff, 0xff]))).to.deep.equal([]);
  });

  it("are 64 at most", () => {
    expect(read(lines() as Codec<never>, "x\n".repeat(1_000))).to.have.length(64);
  });
});
