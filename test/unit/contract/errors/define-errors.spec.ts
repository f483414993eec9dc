import { expect } from "chai";
import { defineErrors, SluiceError, socketAddress } from "sluice";

describe("defineErrors", () => {
  const errors = defineErrors("my-plugin", {
    QUOTA: { text: "{client} was sent more than {bytes} bytes", remedy: "wait an hour", status: 429 },
    DOWN: { text: "the store is down", remedy: "start it", source: "upstream", retryable: true },
  });

  it("makes errors with a code, a remedy, and the values in their text", () => {
    const error = errors.QUOTA({ client: "10.0.0.1", bytes: 1000 }, { where: "a.ts:1:2", cause: "c" });
    expect(SluiceError.is(error)).to.equal(true);
    expect(error.message).to.equal("a.ts:1:2: 10.0.0.1 was sent more than 1000 bytes (MY_PLUGIN_QUOTA: wait an hour)");
    expect([error.code, error.source, error.retryable, error.status, error.cause]).to.deep.equal([
      "MY_PLUGIN_QUOTA",
      "client",
      false,
      429,
      "c",
    ]);
    const down = errors.DOWN();
    expect([down.code, down.source, down.retryable, down.remedy]).to.deep.equal(["MY_PLUGIN_DOWN", "upstream", true, "start it"]);
    expect(down.at("b.ts:3:4").message).to.equal("b.ts:3:4: the store is down (MY_PLUGIN_DOWN: start it)");
  });

  it("takes the address of a client as it is", () => {
    const own = defineErrors("guard", { REFUSED: { text: "{client} may not", remedy: "ask first" } });
    expect(own.REFUSED({ client: socketAddress("192.0.2.1", 7, "IPv4") }).message).to.include("192.0.2.1:7 may not");
  });

  it("types the values that an error's text names", () => {
    // @ts-expect-error -- bytes is missing
    expect(errors.QUOTA({ client: "a" }).detail).to.equal("a was sent more than {bytes} bytes");
    // @ts-expect-error -- there is no such error
    expect(errors.OTHER).to.equal(undefined);
  });

  it("makes a code in capitals from any plugin's id", () => {
    expect(defineErrors("rateLimitV2-x", { A_1: { text: "t", remedy: "r" } }).A_1().code).to.equal("RATE_LIMIT_V2_X_A_1");
  });

  const good = { text: "t", remedy: "r" };
  const refused: Readonly<Record<string, readonly [plugin: unknown, definitions: object, says: RegExp]>> = {
    "the name of Sluice": ["sluice", { X: good }, /Sluice's own/],
    "a name that begins as Sluice's codes do": ["sluice-plugin", { X: good }, /Sluice's own/],
    "the same in capitals": ["sluiceError", { X: good }, /Sluice's own/],
    "no name": [undefined, { X: good }, /plugin's id/],
    "a name with other characters": ["my plugin", { X: good }, /plugin's id/],
    "an error that is not in capitals": ["a", { quota: good }, /no name of an error/],
    "no remedy": ["a", { X: { text: "t" } }, /needs a text and a remedy/],
    "no text": ["a", { X: { text: "", remedy: "r" } }, /needs a text and a remedy/],
    "a source that there is not": ["a", { X: { ...good, source: "me" } }, /source must be one of/],
    "a status that is no failure": ["a", { X: { ...good, status: 200 } }, /400 to 599/],
  };
  for (const [what, [plugin, definitions, says]] of Object.entries(refused))
    it(`refuses ${what}`, () => {
      expect(() => defineErrors(plugin as string, definitions as never))
        .to.throw(says)
        .with.property("code", "SLUICE_PLUGIN_ARGUMENT");
    });

  it("is the only way to a code outside the catalogue", () => {
    const forged = { code: "SLUICE_CLOSED", source: "client", retryable: false, help: "" } as never;
    expect(() => new SluiceError(forged, "forged")).to.throw(TypeError, /defineErrors/);
  });
});
