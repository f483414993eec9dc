import { expect } from "chai";
import { lastValueFrom, map, of, toArray } from "rxjs";
import { SluiceError } from "sluice";
import { delimited, dnsOverTcp, frames, jsonLines, lengthPrefixed, lines, messages, resp, varintPrefixed, type Codec } from "sluice/codec";
import { each } from "sluice/flow";
import { z } from "zod";

/** How a stream ended: its error's code and words, or what came. */
async function endOf(codec: Codec<never>, chunks: readonly Buffer[]): Promise<string> {
  try {
    const all = await lastValueFrom(
      of(...chunks).pipe(
        messages(
          codec,
          each((message) => message),
        ),
        toArray(),
      ),
    );
    return String(Buffer.concat(all));
  } catch (error) {
    return SluiceError.is(error) ? `${error.code}: ${error.detail}` : String(error);
  }
}

const refused: Readonly<Record<string, readonly [codec: Codec<unknown>, bytes: Buffer | string, says: RegExp]>> = {
  "a line beyond max": [lines({ max: 3 }), "abcd\n", /a line is longer than max: 3/],
  "a line beyond max that has no end": [lines({ max: 3 }), "abcd", /longer than max/],
  "a message beyond max between delimiters": [delimited("\0\0", { max: 2 }), "abc\0\0", /longer than max/],
  "a length beyond max": [lengthPrefixed({ bytes: 2, max: 10 }), "\0\x0b", /longer than max: 10/],
  "a length beyond max, with what is in front": [lengthPrefixed({ bytes: 1, offset: 1, max: 3 }), "x\x02ab", /longer than max/],
  "a length below 0": [lengthPrefixed({ bytes: 1, adjust: -2 }), "\x01", /less than 0/],
  "a varint beyond max": [varintPrefixed({ max: 127 }), Buffer.from([0x80, 0x01]), /longer than max/],
  "what is no varint": [varintPrefixed(), Buffer.alloc(11, 0xff), /no varint/],
  "what is no JSON": [jsonLines(), "{oops\n", /no JSON: "\{oops"/],
  "what the schema refuses": [
    jsonLines({ schema: z.object({ a: z.number() }) }),
    '{"a":"b"}\n',
    /schema refuses a line: a: Invalid input: expected number, received string/,
  ],
  "what is no DNS packet": [dnsOverTcp(), "\0\x02ab", /DNS packet/],
  "a frame beyond max": [frames({ size: () => 5, max: 4 }), "a", /longer than max/],
  "a frame whose size nobody tells": [frames({ size: () => undefined, max: 4 }), "abcde", /longer than max/],
  "a size of 0": [frames({ size: () => 0 }), "a", /size gave 0/],
  "a size that throws": [
    frames({
      size: () => {
        throw new Error("bad magic");
      },
    }),
    "a",
    /bad magic/,
  ],
  "RESP without CR": [resp(), "+OK\n", /CR LF/],
  "a RESP length that is none": [resp(), "$x\r\n", /no number/],
  "RESP beyond max by its count": [resp({ max: 100 }), "*1000000\r\n", /longer than max/],
  "RESP that is nested without end": [resp(), "*1\r\n".repeat(1000) + "_\r\n", /nested/],
  "RESP of binary": [resp(), "\x16\x03\x01\n", /neither/],
  "a RESP boolean that is none": [resp(), "#x\r\n", /boolean/],
  "a RESP inline command beyond 64 KiB": [resp(), "a".repeat(70_000), /inline/],
};

const misused: Readonly<Record<string, () => unknown>> = {
  "lines({ max: 0 })": () => lines({ max: 0 }),
  'lines({ delimiter: "" })': () => lines({ delimiter: "" }),
  "lines({ encoding })": () => lines({ encoding: "klingon" as never }),
  // The default delimiter is not a byte in it: a search for nothing would find it without end.
  'lines({ encoding: "hex" })': () => lines({ encoding: "hex" as never }),
  'lines({ encoding: "base64" })': () => lines({ encoding: "base64" as never, delimiter: "Cg==" }),
  'delimited("")': () => delimited(""),
  "lengthPrefixed({ bytes: 3 })": () => lengthPrefixed({ bytes: 3 as never }),
  "lengthPrefixed({ offset: -1 })": () => lengthPrefixed({ bytes: 1, offset: -1 }),
  "lengthPrefixed({ adjust: 0.5 })": () => lengthPrefixed({ bytes: 1, adjust: 0.5 }),
  "lengthPrefixed({ endian })": () => lengthPrefixed({ bytes: 1, endian: "middle" as never }),
  "jsonLines({ schema })": () => jsonLines({ schema: {} as never }),
  "frames({})": () => frames({} as never),
  "frames({ decode }) alone": () => frames({ size: () => 1, decode: String } as never),
  "resp({ max: -1 })": () => resp({ max: -1 }),
};

describe("codecs and bytes that are not a frame", () => {
  for (const [what, [codec, given, says]] of Object.entries(refused)) {
    const bytes = Buffer.from(given as string, "latin1");
    it(`refuse ${what} with SLUICE_PLUGIN_FRAME, whole and byte by byte`, async () => {
      const pieces = [...bytes].map((byte) => Buffer.from([byte]));
      for (const chunks of [[bytes], pieces])
        expect(await endOf(codec as Codec<never>, chunks))
          .to.match(/^SLUICE_PLUGIN_FRAME: /)
          .and.match(says);
    });
  }

  it("emit the messages before it, whole and cut", async () => {
    const bytes = Buffer.from('{"a":1}\n{"b":2}\noops\n{"c":3}\n');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      for (const operator of [each((value: unknown) => value), map((value: unknown) => value)]) {
        let seen = "";
        const failure = await new Promise<unknown>((resolve) => {
          of(bytes.subarray(0, cut), bytes.subarray(cut))
            .pipe(messages(jsonLines(), operator))
            .subscribe({ next: (chunk) => (seen += String(chunk)), error: resolve, complete: () => resolve(undefined) });
        });
        expect(seen).to.equal('{"a":1}\n{"b":2}\n');
        expect(SluiceError.is(failure) && failure.code).to.equal("SLUICE_PLUGIN_FRAME");
      }
    }
  });

  it("take a frame of exactly max bytes, and no frame at all", async () => {
    expect(await endOf(lines({ max: 3 }) as Codec<never>, [Buffer.from("abc\n\nabc")])).to.equal("abc\n\nabc");
    expect(await endOf(delimited("--", { max: 2 }) as Codec<never>, [Buffer.from("ab-"), Buffer.from("-")])).to.equal("ab--");
    expect(await endOf(lines() as Codec<never>, [])).to.equal("");
    expect(await endOf(lines() as Codec<never>, [Buffer.alloc(0)])).to.equal("");
  });

  it("refuse to encode a message that does not fit into the length", () => {
    expect(() => lengthPrefixed({ bytes: 1 }).encode(Buffer.alloc(256))).to.throw(/SLUICE_PLUGIN_FRAME/);
    expect(() => resp().encode({ type: "string", value: "a\r\n+b" })).to.throw(/line break/);
    expect(() => jsonLines().encode(undefined)).to.throw(/no JSON/);
  });

  for (const [what, make] of Object.entries(misused))
    it(`say what is wrong with ${what}`, () => {
      expect(make).to.throw(/SLUICE_PLUGIN_ARGUMENT/);
    });
});

describe("a hostile peer's unfinished frames", () => {
  const real = { indexOf: Buffer.prototype.indexOf, set: Buffer.prototype.set, copy: Buffer.prototype.copy };
  let looked = 0;
  let copied = 0;
  beforeEach(() => {
    looked = 0;
    copied = 0;
    Buffer.prototype.indexOf = function indexOf(this: Buffer, value: string | number | Uint8Array, from = 0): number {
      looked += this.length - from;
      return real.indexOf.call(this, value, from);
    } as typeof real.indexOf;
    Buffer.prototype.set = function set(this: Buffer, bytes: ArrayLike<number>, at?: number): void {
      copied += bytes.length;
      real.set.call(this, bytes, at);
    };
  });
  afterEach(() => {
    Object.assign(Buffer.prototype, { indexOf: real.indexOf });
    delete (Buffer.prototype as Partial<Buffer>).set;
  });

  const size = 100_000;
  const hostile: Readonly<Record<string, readonly [Codec<unknown>, Buffer]>> = {
    "a line": [lines(), Buffer.alloc(size, "a")],
    "text between delimiters that nearly come": [delimited("aaab"), Buffer.alloc(size, "a")],
    "a length-prefixed message": [lengthPrefixed({ bytes: 4 }), Buffer.concat([Buffer.from([0, 2, 0, 0]), Buffer.alloc(size)])],
    "RESP with many members": [resp({ max: 10 * size }), Buffer.from(`*${size}\r\n${"_\r\n".repeat(size / 3 - 5)}`)],
    "a RESP string": [resp(), Buffer.from(`+${"a".repeat(size)}`)],
  };
  for (const [what, [codec, bytes]] of Object.entries(hostile))
    it(`cost a few looks and copies a byte, byte by byte: ${what}`, async () => {
      const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
      expect((await endOf(codec as Codec<never>, pieces)).length).to.equal(bytes.length);
      expect(looked / bytes.length).to.be.below(8);
      expect(copied / bytes.length).to.be.below(8);
    });
});
