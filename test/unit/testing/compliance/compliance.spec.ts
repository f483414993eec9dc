import { expect } from "chai";
import { definePlugin, type PluginUse } from "sluice";
import { carry, delayBytes } from "sluice/flow";
import { compliance, type ComplianceOptions } from "sluice/testing";
import { allow } from "../../../../docs/examples/allow.ts";
import { counted } from "../../../../docs/examples/counted.ts";
import { daytime } from "../../../../docs/examples/daytime.ts";
import { gather } from "../../../../docs/examples/gather.ts";
import { heartbeat } from "../../../../docs/examples/heartbeat.ts";
import { lines } from "../../../../docs/examples/lines.ts";
import { pin } from "../../../../docs/examples/pin.ts";
import { quota } from "../../../../docs/examples/quota.ts";
import { redact } from "../../../../docs/examples/redact.ts";
import { shout } from "../../../../docs/examples/shout.ts";
import { slowLine } from "../../../../docs/examples/slow-line.ts";
import { sorry } from "../../../../docs/examples/sorry.ts";
import { badPlugins } from "../../../support/bad-plugins.ts";
import { refusalOf } from "../../../support/rejection.ts";
import { expectNothingUncaught } from "../../../support/uncaught.ts";

/** What the suite finds, one line or more for each check that fails. */
async function findings(make: () => PluginUse, options?: ComplianceOptions): Promise<string[]> {
  const found: string[] = [];
  for (const { name, run } of compliance(make, options)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a runner does
      await run();
    } catch (error) {
      found.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return found;
}

describe("compliance finds a plugin that", function () {
  this.timeout(60_000);
  // What a check sends into a plugin is its own affair: a runner would count it against another test.
  expectNothingUncaught();

  for (const { what, make, said, saidByCompliance = said } of badPlugins)
    it(`${what}, and says so`, async () => {
      expect((await findings(make)).join("\n")).to.match(saidByCompliance ?? /./);
    });
});

describe("compliance passes", function () {
  this.timeout(60_000);

  const good: Readonly<Record<string, () => PluginUse>> = {
    allow: () => allow({ clients: ["127.0.0.1"] }),
    counted: () => counted(),
    daytime: () => daytime(),
    gather: () => gather({ bytes: 16, wait: "1s" }),
    heartbeat: () => heartbeat(),
    lines: () => lines(),
    pin: () => pin({ names: { a: "127.0.0.1" } }),
    quota: () => quota({ bytes: "1GiB" }),
    redact: () => redact({ digits: 4 }),
    shout: () => shout({ suffix: "!" }),
    slowLine: () => slowLine({ delay: "1ms", rate: "1GiB" }),
    sorry: () => sorry({ text: "sorry" }),
    "delayBytes in virtual time": () => definePlugin("late", () => ({ fromClient: (data) => data.pipe(delayBytes(1)) }))(),
  };

  for (const [name, make] of Object.entries(good))
    it(`the plugin ${name}`, async () => {
      expect(await findings(make)).to.deep.equal([]);
    });

  const numbered = (): PluginUse =>
    definePlugin("numbered", () => ({
      fromClient: (data) =>
        data.pipe(carry({ start: () => ({ n: 0 }), step: (state, chunk) => Buffer.concat([Buffer.from(String((state.n += 1))), chunk]) })),
    }))();

  it("a plugin that numbers chunks, when it is told that borders matter, and on UDP", async () => {
    expect((await findings(numbered)).join("\n")).to.include('borders: "matter"');
    expect(await findings(numbered, { borders: "matter" })).to.deep.equal([]);
    expect(await findings(numbered, { transport: "udp" })).to.deep.equal([]);
  });

  it("on every transport", async () => {
    for (const transport of ["udp", "tls", "unix"] as const) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await findings(() => redact({ digits: 4 }), { transport }), transport).to.deep.equal([]);
    }
  });

  it("nothing that is no plugin", async () => {
    expect((await refusalOf(() => compliance(redact() as never))).code).to.equal("SLUICE_TEST_INVALID");
    expect((await findings(() => 5 as never)).join("\n")).to.include("SLUICE_TEST_INVALID");
  });
});
