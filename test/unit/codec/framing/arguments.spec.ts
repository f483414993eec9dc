import { expect } from "chai";
import { lastValueFrom, of } from "rxjs";
import { bodyJson, bodyText } from "sluice";
import { delimited, frames, jsonLines, lengthPrefixed, lines, messages, resp, varintPrefixed } from "sluice/codec";
import { latency, network, script } from "sluice/faults";
import { carry, each } from "sluice/flow";
import { marbles } from "sluice/testing";
import { refusalOf } from "../../../support/rejection.ts";

/** What types forbid, as a program in JavaScript gives it. */
const given = (value: unknown): never => value as never;

const refused: Readonly<Record<string, readonly [call: () => unknown, says: RegExp]>> = {
  "lengthPrefixed without options": [() => lengthPrefixed(given(undefined)), /lengthPrefixed\(\): expected an object of options/],
  "an option of lines that there is not": [() => lines(given({ delimeter: "x" })), /no option "delimeter", did you mean "delimiter"/],
  "an option of lengthPrefixed that there is not": [() => lengthPrefixed(given({ bytes: 1, ofset: 1 })), /did you mean "offset"/],
  "an option of varintPrefixed that there is not": [() => varintPrefixed(given({ maximum: 1 })), /varintPrefixed\(\): there is no option/],
  "an option of delimited that there is not": [() => delimited("x", given({ maximum: 1 })), /delimited\(\): there is no option/],
  "an option of jsonLines that there is not": [() => jsonLines(given({ shema: 1 })), /did you mean "schema"/],
  "an option of resp that there is not": [() => resp(given({ mx: 1 })), /did you mean "max"/],
  "an option of frames that there is not": [() => frames(given({ size: () => 1, decoder: 1 })), /did you mean "decode"/],
  "a max that is no size": [() => lines({ max: "much" }), /max must be .* or a text such as "64KiB", got "much"/],
  "a max with a part of a byte": [() => jsonLines({ max: "0.3KiB" }), /max must be a whole number of bytes/],
  "a body with a max that is no size": [() => bodyText(given({ headers: {} }), { max: "much" }), /bodyText\(\): max must be .*got "much"/],
  "a body with an option that there is not": [
    () => bodyJson(given({ headers: {} }), given({ maximum: 1 })),
    /there is no option "maximum"/,
  ],
  "messages of what is no codec": [() => messages(given(undefined), each(given(String))), /expected a codec first/],
  "messages without an operator": [() => messages(lines(), given(undefined)), /expected an operator second/],
  "a line that is a number": [() => lines().encode(given(5)), /lines\(\): a message is a text, got 5/],
  "a frame that is text": [() => lengthPrefixed({ bytes: 1 }).encode(given("abc")), /lengthPrefixed\(\): a message is a Buffer, got "abc"/],
  "a varint frame that is text": [() => varintPrefixed().encode(given("abc")), /varintPrefixed\(\): a message is a Buffer/],
  "a delimited frame that is text": [() => delimited("x").encode(given("abc")), /delimited\(\): a message is a Buffer/],
  "each of nothing": [() => each(given(undefined)), /each\(\): expected a function of a chunk/],
  "carry of nothing": [() => carry(given(undefined)), /carry\(\): start must be a function/],
  "carry without a step": [() => carry(given({ start: () => 0 })), /carry\(\): step must be a function/],
  "a network that there is not": [() => network(given("5g")), /network\(preset\): expected one of 3g, .*got "5g"/],
};

describe("an invalid argument of a function for plugins", () => {
  for (const [what, [call, says]] of Object.entries(refused))
    it(`is refused where it is given: ${what}`, async () => {
      const { code, message } = await refusalOf(call);
      expect(code).to.equal("SLUICE_PLUGIN_ARGUMENT");
      expect(message).to.match(says);
    });

  it("is not a max as a text with its unit", async () => {
    const [fits, longer] = ["x".repeat(1024), "x".repeat(1025)].map((line) =>
      lastValueFrom(of(Buffer.from(`${line}\n`)).pipe(lines({ max: "1KiB" }).decode())),
    );
    expect(await fits).to.have.length(1024);
    expect((await refusalOf(longer ?? Promise.resolve())).code).to.equal("SLUICE_PLUGIN_FRAME");
  });

  it("is left to the config if it is an option: a script that is not an array", () => {
    expect(script(given({ refuse: 1 })).options).to.deep.equal({ steps: { refuse: 1 } });
  });

  it("is refused in a marble diagram: text that only looks like a span of time, and a missing test", async () => {
    const use = latency({ delay: 1 });
    const unreadable = await refusalOf(() => marbles(use, ({ fromClient }) => void fromClient("a 20us b")));
    expect(unreadable.code).to.equal("SLUICE_TEST_MARBLE");
    expect(unreadable.message).to.include("20us is not a span of time");
    expect((await refusalOf(() => marbles(use, given(undefined)))).code).to.equal("SLUICE_TEST_INVALID");
  });
});
