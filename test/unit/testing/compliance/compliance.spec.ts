import { expect } from "chai";
import { definePlugin, type PluginUse } from "sluice";
import { carry, delayBytes } from "sluice/flow";
import { compliance, type ComplianceOptions } from "sluice/testing";
import { redact } from "../../../../docs/examples/redact.ts";
import { badNeighbours, closeOpened, opensFile } from "../../../support/bad-neighbours.ts";
import { badPlugins } from "../../../support/bad-plugins.ts";
import { refusalOf } from "../../../support/rejection.ts";
import { expectNothingUncaught } from "../../../support/uncaught.ts";

/** What the suite finds, one line or more for each check that fails. */
async function findings(make: () => PluginUse, options?: ComplianceOptions): Promise<string[]> {
  const found: string[] = [];
  for (const { name, run } of compliance(make, options)) {
    try {
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

  for (const { what, make, said, saidByCompliance = said } of [...badPlugins, ...badNeighbours])
    it(`${what}, and says so`, async () => {
      expect((await findings(make)).join("\n")).to.match(saidByCompliance ?? /./);
    });
});

describe("compliance, where the system tells what a process has open", () => {
  after(closeOpened);

  it("finds a plugin that opens a file when it is constructed", async function () {
    if (process.platform !== "linux") this.skip();
    expect((await findings(opensFile)).join("\n")).to.match(/its construction began an open file \(.*bad-neighbours\.js\)/);
  });
});

describe("compliance passes", function () {
  this.timeout(60_000);

  // The plugins of the docs, and those that come with it, are in test/compliance.
  it("a plugin that waits by its clock", async () => {
    const late = definePlugin("late", () => ({ fromClient: (data) => data.pipe(delayBytes(1)) }));
    expect(await findings(() => late())).to.deep.equal([]);
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
      expect(await findings(() => redact({ digits: 4 }), { transport }), transport).to.deep.equal([]);
    }
  });

  it("nothing that is no plugin", async () => {
    expect((await refusalOf(() => compliance(redact() as never))).code).to.equal("SLUICE_TEST_INVALID");
    expect((await findings(() => 5 as never)).join("\n")).to.include("SLUICE_TEST_INVALID");
  });
});
