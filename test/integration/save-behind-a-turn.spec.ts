import { expect } from "chai";
import { truncateSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { ReloadReport } from "../../core/runtime/generation/reload-plan.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";

const named = (name: string): string => configText(`${name}: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }`);

describe("A save that begins while the one before it waits for its turn", () => {
  it("is not read before it is complete", async () => {
    await withLiveConfig({ "proxy.config.ts": named("first") }, async ({ live, proxy, file, write, outcomes, outcomeOf }) => {
      let end: (report: ReloadReport) => void = () => undefined;
      const busy = live.steer(() => new Promise((resolve) => (end = resolve)));
      write("proxy.config.ts", named("second"));
      // The watcher's quiet time has to pass: nothing shows that it has seen the save.
      await wait(300);
      await outcomeOf(() => {
        truncateSync(file);
        end({ generation: 1, durationMs: 0, steps: [] });
        setTimeout(write, 20, "proxy.config.ts", named("third"));
      });
      await busy;
      expect(outcomes.map(({ type }) => type)).to.deep.equal(["reloaded"]);
      expect(Object.keys(proxy.listeners)).to.deep.equal(["third"]);
    });
  });
});
