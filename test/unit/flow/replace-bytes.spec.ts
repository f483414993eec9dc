import { expect } from "chai";
import * as fc from "fast-check";
import { lastValueFrom, of, toArray } from "rxjs";
import { SluiceError } from "sluice";
import { replaceBytes, type BytesReplacement, type ReplaceBytesOptions } from "sluice/flow";

/** What a stream becomes that is cut at these places. */
async function replaced(
  text: string,
  places: readonly number[],
  [pattern, replacement, options]: readonly [string | Uint8Array | RegExp, BytesReplacement, ReplaceBytesOptions?],
): Promise<string> {
  const bytes = Buffer.from(text, "latin1");
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  const chunks = borders.slice(1).map((end, at) => bytes.subarray(borders[at], end));
  return Buffer.concat(await lastValueFrom(of(...chunks).pipe(replaceBytes(pattern, replacement, options), toArray()))).toString("latin1");
}

const everyByte = (text: string): number[] => Array.from(text, (_, at) => at);
const patterns: readonly RegExp[] = [
  /ab/,
  /a+/,
  /a{2,3}b?/,
  /a+?b/,
  /ab|abc|b/,
  /(a|b)c/,
  /(?:ab)+c/,
  /a(?:b(?:c|$)|c)/,
  /a(?=b)/,
  /a(?!b)/,
  /b(?!a|c+)/,
  /(?<=a)b/,
  /(?<!a)b/,
  /(?<=aa)b+/,
  /\bab\b/,
  /\Bb/,
  /^ab/,
  /^a/m,
  /c$/,
  /b$/m,
  /[^a]c/,
  /[\]a]b/,
  /a.c/,
  /a.c/s,
  /AB?/i,
  /(?<x>a)(?:b|c)/u,
  /a*b/,
  /(?:a|ab)(?:c|bc)/,
  /\x61[\x62-\x63]/,
];

describe("replaceBytes", () => {
  for (const pattern of patterns)
    it(`replaces ${String(pattern)} as if the stream had come at once`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.string({ unit: fc.constantFrom("a", "b", "c", "\n", "]"), maxLength: 24 }),
          fc.array(fc.nat()),
          async (text, places) => {
            const all = new RegExp(pattern, `${pattern.flags}g`);
            expect(await replaced(text, places, [pattern, "<$&>", { max: 100 }])).to.equal(text.replaceAll(all, "<$&>"));
            expect(await replaced(text, everyByte(text), [pattern, (match) => `<${match}>`, { max: 100 }])).to.equal(
              text.replaceAll(all, "<$&>"),
            );
          },
        ),
      ));

  it("replaces texts and bytes as if the stream had come at once", () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 30 }),
        fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 }),
        fc.array(fc.nat()),
        async (text, wanted, places) => {
          const expected = text.replaceAll(wanted, () => "<$&>");
          expect(await replaced(text, places, [wanted, "<$&>"])).to.equal(expected);
          expect(await replaced(text, everyByte(text), [Buffer.from(wanted), Buffer.from("<$&>")])).to.equal(expected);
          expect(await replaced(text, everyByte(text), [wanted, () => "<$&>"])).to.equal(expected);
        },
      ),
    ));

  it("leaves bytes without a match unchanged", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat()), async (given, places) => {
        const text = Buffer.from(given).toString("latin1");
        expect(await replaced(text, places, [/never\d+/, "x"])).to.equal(text);
        expect(await replaced(text, places, ["never ever", "x"])).to.equal(text);
        expect(await replaced(text, places, [/[^]/, (byte) => byte])).to.equal(text);
      }),
    ));

  it("replaces a match beyond max in pieces, the same at every cut", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom("1", "2", "x"), maxLength: 60 }), fc.array(fc.nat()), async (text, places) => {
        const given = [/\d{2,}/, (number: string) => `<${number.length}>`, { max: 5 }] as const;
        const whole = await replaced(text, [], given);
        expect(whole).to.equal(text.replaceAll(/\d{2,5}/g, (number) => `<${number.length}>`));
        expect(await replaced(text, places, given)).to.equal(whole);
      }),
    ));

  it("holds nothing that cannot be the beginning of a match, and passes on the chunk itself if nothing matches", async () => {
    const chunk = Buffer.from("no digits here\n");
    expect(await lastValueFrom(of(chunk).pipe(replaceBytes(/\d{12,}/, "")))).to.equal(chunk);
    const seen = await lastValueFrom(
      of(Buffer.from("ab1"), Buffer.from("2x"), Buffer.from("sec")).pipe(replaceBytes(/\d+/, "#"), toArray()),
    );
    expect(seen.map(String)).to.deep.equal(["ab", "#x", "sec"]);
    const literal = await lastValueFrom(of(Buffer.from("a sec"), Buffer.from("ret se")).pipe(replaceBytes("secret", "…"), toArray()));
    expect(literal.map(String)).to.deep.equal(["a ", "… ", "se"]);
  });

  it("knows groups, texts in UTF-8, and bytes", async () => {
    expect(await replaced("k=v;", [2], [/(\w)=(?<value>\w)/, "$2=$1 $$ $<value> $3 $&"])).to.equal("v=k $ v $3 k=v;");
    expect(await replaced("k=v;", [2], [/(\w)=(\w)/, (_all, a, b) => `${b}${a}`])).to.equal("vk;");
    expect(Buffer.from(await replaced("a", [], [/a/, "é"]), "latin1").toString()).to.equal("é");
    expect(Buffer.from(await replaced(Buffer.from("für").toString("latin1"), [2], ["ü", "ue"]), "latin1").toString()).to.equal("fuer");
    expect(await replaced("\x00\xff\x00", [1], [/\xff/, Buffer.from([1])])).to.equal("\x00\x01\x00");
  });

  it("looks at each byte at most max times: the work grows with the stream alone", async () => {
    const { prototype } = RegExp;
    const real = Object.getOwnPropertyDescriptor(prototype, "exec")?.value as (this: RegExp, text: string) => RegExpExecArray | null;
    let looked = 0;
    const exec = function exec(this: RegExp, text: string): RegExpExecArray | null {
      looked += text.length - this.lastIndex;
      return real.call(this, text);
    };
    Object.assign(prototype, { exec });
    try {
      const text = "9".repeat(20_000);
      await replaced(text, everyByte(text), [/\d{12,}/, "#", { max: 64 }]);
      expect(looked / text.length).to.be.below(2 * 64);
    } finally {
      Object.assign(prototype, { exec: real });
    }
  });

  it("takes its max as a text with its unit", async () => {
    expect(await replaced("123456", [], [/\d{2,}/, "#", { max: "0.25KiB" }])).to.equal("#");
    expect(await replaced("123456", [3], [/\d{2,}/, "#", { max: "3B" }])).to.equal("##");
  });

  const misused: Readonly<Record<string, readonly [given: readonly unknown[], says: RegExp]>> = {
    "an empty text": [["", "x"], /empty/],
    "no pattern": [[5, "x"], /must be a text, bytes or a regular expression/],
    "an expression that matches nothing": [[/a*/, "x"], /matches without a byte/],
    "one that only looks": [[/(?=a)/, "x"], /matches without a byte/],
    "a backreference": [[/(a)\1/, "x"], /refers to a group/],
    "a named backreference": [[/(?<x>a)\k<x>/, "x"], /refers to a group/],
    "the flag y": [[/a/y, "x"], /flags v and y/],
    "a character that is no byte": [[/é/, "x"], /is no byte/],
    "an escape that is no byte": [[/[\u0100-\u0200]/, "x"], /is no byte/],
    "no replacement": [["a", undefined], /replacement must be/],
    "a max of 0": [["a", "b", { max: 0 }], /max must be/],
    "a max that is no size": [[/a/, "b", { max: "much" }], /a text such as "64KiB", got "much"/],
    "an option that there is not": [[/a/, "b", { maximum: 1 }], /there is no option "maximum"/],
  };
  for (const [what, [given, says]] of Object.entries(misused))
    it(`refuses ${what}`, () => {
      expect(() => replaceBytes(...(given as Parameters<typeof replaceBytes>)))
        .to.throw(says)
        .with.property("code", "SLUICE_PLUGIN_ARGUMENT");
    });

  it("refuses a function's text with characters that are not bytes", async () => {
    const failure = await replaced("a", [], ["a", () => "…"]).catch((error: unknown) => error);
    expect(SluiceError.is(failure) && failure.detail).to.match(/characters that are no bytes/);
  });
});
