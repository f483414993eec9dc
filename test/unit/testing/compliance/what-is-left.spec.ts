import { expect } from "chai";
import { firstValueFrom, Subject } from "rxjs";
import { definePlugin } from "sluice";
import { made } from "../../../support/bad-plugin.ts";
import { badLeavers, badWithFiles, closeOpened } from "../../../support/bad-neighbours.ts";
import { findings } from "../../../support/findings.ts";

const aboutRests = /leaves nothing behind|constructed/;

describe("compliance finds a plugin that leaves something behind: one that", () => {
  after(closeOpened);

  for (const { what, make, saidByCompliance } of badLeavers)
    it(`${what}, and says so`, async () => {
      expect((await findings(make, {}, aboutRests)).join("\n")).to.match(saidByCompliance ?? /./);
    });
});

describe("compliance, while it looks at two plugins at once,", () => {
  it("finds the timer of the one although the checks of the other are over", async () => {
    const opened = new Subject<void>();
    const slow = definePlugin("slow", () => ({
      setup: async () => {
        await firstValueFrom(opened);
        setInterval(() => undefined, 60_000).unref();
      },
    }));
    const found = findings(() => slow(), {}, /after setup and teardown/);
    expect(
      await findings(
        made(() => ({})),
        {},
        aboutRests,
      ),
    ).to.deep.equal([]);
    opened.next();
    expect((await found).join("\n")).to.match(/after its teardown there is still a timer \(made at .*what-is-left/);
  });
});

describe("compliance, where the system tells what a process has open", () => {
  after(closeOpened);

  for (const { what, make, saidByCompliance } of badWithFiles)
    it(`finds a plugin that ${what}`, async function () {
      if (process.platform !== "linux") this.skip();
      expect((await findings(make, {}, aboutRests)).join("\n")).to.match(saidByCompliance ?? /./);
    });
});
