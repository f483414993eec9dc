import { expect } from "chai";
import * as fc from "fast-check";
import type { Packet } from "dns-packet";
import { map, type MonoTypeOperatorFunction } from "rxjs";
import { delimited, dnsOverTcp, frames, jsonLines, lengthPrefixed, lines, messages, resp, varintPrefixed } from "sluice/codec";
import type { Codec, RespValue } from "sluice/codec";
import { each } from "sluice/flow";
import { bytesThrough } from "../../support/poison.ts";

/** A codec and messages of it. */
interface Case<M> {
  readonly codec: () => Codec<M>;
  readonly message: fc.Arbitrary<M>;
}

const small = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ unit: "binary", maxLength: 30 });
const without = (delimiter: string): fc.Arbitrary<string> => text.filter((line) => !line.includes(delimiter));
const latin1 = small.map((bytes) => bytes.toString("latin1")).filter((line) => !line.includes("\n"));
// Units such as U+0A00 have the bytes of a delimiter between them.
const units = fc
  .array(fc.oneof(fc.constantFrom(0x0a00, 0x0a41, 0x0000, 0x0100, 0x000d), fc.integer({ min: 0x0b, max: 0xffff })), { maxLength: 12 })
  .map((codes) => String.fromCharCode(...codes));
const simple = without("\n").filter((line) => !line.includes("\r"));

const respValue = fc.letrec<{ value: RespValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constant("string" as const), value: simple }),
    fc.record({ type: fc.constant("error" as const), value: simple }),
    fc.record({ type: fc.constant("integer" as const), value: fc.maxSafeInteger().filter((value) => !Object.is(value, -0)) }),
    fc.record({ type: fc.constant("bulk" as const), value: fc.option(small) }),
    fc.record({ type: fc.constant("bulk-error" as const), value: small }),
    fc.record({ type: fc.constant("verbatim" as const), format: fc.constantFrom("txt", "mkd"), value: small }),
    fc.record({ type: fc.constant("double" as const), value: fc.double() }),
    fc.record({ type: fc.constant("big-number" as const), value: fc.bigInt() }),
    fc.record({ type: fc.constant("boolean" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("null" as const) }),
    fc.record({ type: fc.constant("array" as const), value: fc.option(fc.array(tie("value"), { maxLength: 4 })) }),
    fc.record({ type: fc.constant("set" as const), value: fc.array(tie("value"), { maxLength: 4 }) }),
    fc.record({ type: fc.constant("push" as const), value: fc.array(tie("value"), { maxLength: 4 }) }),
    fc.record({ type: fc.constant("map" as const), value: fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }) }),
    fc.record({
      type: fc.constant("attribute" as const),
      value: fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 }),
      of: tie("value"),
    }),
  ),
})).value;

const inline = fc.stringMatching(/^[a-zA-Z][ -~]{0,20}$/).map((value): RespValue => ({ type: "inline", value }));

const cases: Readonly<Record<string, Case<never>>> = {
  "lines()": { codec: () => lines(), message: without("\n") },
  'lines({ delimiter: "\\r\\n" })': { codec: () => lines({ delimiter: "\r\n" }), message: simple },
  'lines({ encoding: "latin1" })': {
    codec: () => lines({ encoding: "latin1" }),
    message: latin1,
  },
  ...Object.fromEntries(
    (["ascii", "UTF-8" as "utf-8", "utf16le"] as const).map((encoding) => [
      `lines({ encoding: "${encoding}" })`,
      { codec: () => lines({ encoding }), message: encoding === "utf16le" ? units : latin1 },
    ]),
  ),
  "delimited() by several bytes": {
    codec: () => delimited("--"),
    message: small.filter(
      (bytes) =>
        !Buffer.concat([bytes, Buffer.from("--")])
          .subarray(0, -1)
          .includes("--"),
    ),
  },
  ...Object.fromEntries(
    ([1, 2, 4] as const).flatMap((bytes) =>
      (["big", "little"] as const).map((endian) => [
        `lengthPrefixed() of ${bytes}, ${endian}`,
        { codec: () => lengthPrefixed({ bytes, endian, adjust: -bytes }), message: small },
      ]),
    ),
  ),
  "varintPrefixed()": {
    codec: () => varintPrefixed(),
    message: fc.oneof(
      small,
      fc.integer({ min: 100, max: 400 }).map((n) => Buffer.alloc(n, "x")),
    ),
  },
  "jsonLines()": {
    codec: () => jsonLines(),
    // JSON has no negative zero.
    message: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  },
  "resp()": { codec: () => resp(), message: fc.oneof(respValue, inline) },
  "frames()": {
    codec: () =>
      frames({
        size: (buffer) => (buffer.length === 0 ? undefined : 1 + (buffer[0] ?? 0)),
        decode: (frame: Buffer) => frame.toString("latin1", 1),
        encode: (message: string) => Buffer.concat([Buffer.from([message.length]), Buffer.from(message, "latin1")]),
      }),
    message: fc.stringMatching(/^[a-z]{0,30}$/),
  },
} as Readonly<Record<string, Case<unknown>>> as Readonly<Record<string, Case<never>>>;

/** Bytes cut at these places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, at) => bytes.subarray(sorted[at], end));
}

async function decoded<M>(codec: Codec<M>, chunks: readonly Buffer[]): Promise<M[]> {
  const seen: M[] = [];
  await bytesThrough(
    (data) =>
      data.pipe(
        codec.decode(),
        map((message) => (seen.push(message), Buffer.alloc(0))),
      ),
    chunks,
    undefined as never,
    false,
  );
  return seen;
}

const through = (operator: MonoTypeOperatorFunction<Buffer>, chunks: readonly Buffer[], lent: boolean): Promise<Buffer> =>
  bytesThrough((data) => data.pipe(operator), chunks, undefined as never, lent);

const streamOf = <M>({ message, codec }: Case<M>): fc.Arbitrary<{ all: M[]; bytes: Buffer }> =>
  fc.array(message, { maxLength: 12 }).map((all) => ({ all, bytes: Buffer.concat(all.map((one) => codec().encode(one))) }));

describe("codecs at every cut", () => {
  for (const [name, made] of Object.entries(cases)) {
    it(`${name} returns the messages, wherever their bytes are cut`, () =>
      fc.assert(
        fc.asyncProperty(streamOf(made), fc.array(fc.nat()), async ({ all, bytes }, places) => {
          expect(await decoded(made.codec(), cutAt(bytes, places))).to.deep.equal(all);
        }),
      ));

    for (const lent of [true, false])
      it(`${name} returns the bytes through messages(), ${lent ? "of lent" : "of owned"} chunks`, () =>
        fc.assert(
          fc.asyncProperty(streamOf(made), fc.array(fc.nat()), async ({ bytes }, places) => {
            const chunks = cutAt(bytes, places);
            const same = messages(made.codec(), each((message) => message) as MonoTypeOperatorFunction<never>);
            expect(await through(same, chunks, lent)).to.deep.equal(bytes);
            const plain = messages(made.codec(), map((message) => message) as MonoTypeOperatorFunction<never>);
            expect(await through(plain, chunks, lent)).to.deep.equal(bytes);
          }),
        ));

    it(`${name} passes on an unfinished frame at the end unchanged`, () =>
      fc.assert(
        fc.asyncProperty(streamOf(made), fc.nat(), fc.array(fc.nat()), async ({ bytes }, end, places) => {
          const some = bytes.subarray(0, end % (bytes.length + 1));
          const same = messages(made.codec(), each((message) => message) as MonoTypeOperatorFunction<never>);
          expect(await through(same, cutAt(some, places), true)).to.deep.equal(some);
        }),
      ));
  }

  it("lines() keeps bytes that are not UTF-8", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat()), async (given, places) => {
        const bytes = Buffer.from(given);
        const encodedAgain = messages(
          lines(),
          each((line) => `${line}!`),
        );
        const back = messages(
          lines(),
          each((line) => line.slice(0, -1)),
        );
        const out = await through((data) => data.pipe(encodedAgain, back), cutAt(bytes, places), true);
        expect(out).to.deep.equal(bytes);
      }),
    ));

  it("lengthPrefixed() with an offset has whole frames, and corrects their length", async () => {
    const codec = lengthPrefixed({ bytes: 4, offset: 1, adjust: -4 });
    const frame = Buffer.from("Q\0\0\0\x06hi");
    expect(await decoded(codec, [frame.subarray(0, 3), frame.subarray(3)])).to.deep.equal([frame]);
    expect(codec.encode(frame)).to.equal(frame);
    expect(codec.encode(Buffer.from("Q\0\0\0\x06hi!"))).to.deep.equal(Buffer.from("Q\0\0\0\x07hi!"));
  });

  it("dnsOverTcp() has packets, which stay equal when they are encoded again", async () => {
    const codec = dnsOverTcp();
    const query = { type: "query", id: 7, flags: 256, questions: [{ type: "A", name: "example.com" }] } satisfies Packet;
    const answer = { type: "response", id: 7, answers: [{ type: "TXT", name: "example.com", ttl: 5, data: ["a", "b"] }] } satisfies Packet;
    const bytes = Buffer.concat([codec.encode(query), codec.encode(answer)]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const packets = await decoded(codec, [bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(packets.map(({ id, questions, answers }) => [id, questions?.[0]?.name, answers?.[0]?.type])).to.deep.equal([
        [7, "example.com", undefined],
        [7, undefined, "TXT"],
      ]);
      expect(Buffer.concat(packets.map((packet) => codec.encode(packet)))).to.deep.equal(bytes);
    }
  });

  it("resp() takes inline commands, and passes blank lines on", async () => {
    expect(await decoded(resp(), [Buffer.from("PING\r\n\r\nSET a b\n*1\r\n$4\r\nPING\r\n")])).to.deep.equal([
      { type: "inline", value: "PING" },
      { type: "inline", value: "SET a b" },
      { type: "array", value: [{ type: "bulk", value: Buffer.from("PING") }] },
    ]);
    const bytes = Buffer.from("\r\nPING\r\n\n+OK\r\n");
    const same = messages(
      resp(),
      each((value) => value),
    );
    expect(await through(same, [bytes], false)).to.deep.equal(bytes);
  });

  it("jsonLines() passes blank lines and null on, and decodes a last line without its end", async () => {
    const bytes = Buffer.from('{"a":1}\n\n  \r\nnull\n[2]');
    const seen: unknown[] = [];
    const same = messages(
      jsonLines(),
      each((value) => (seen.push(value), value)),
    );
    expect(String(await through(same, [bytes], false))).to.equal('{"a":1}\n\n  \r\nnull\n[2]');
    expect(seen).to.deep.equal([{ a: 1 }]);
    expect(await decoded(jsonLines(), [bytes])).to.deep.equal([{ a: 1 }, null, [2]]);
  });
});
