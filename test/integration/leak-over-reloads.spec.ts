// Runs in a process of its own: it compares the heap of this process over three hundred reloads.
import { expect } from "chai";
import { startUpstream } from "sluice/testing";
import { exchange } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { hasProcessTable, liveHeap, openDescriptors } from "../support/process-table.ts";
import { passInChild } from "../support/mocha-child.ts";
import { connect } from "../support/sockets.ts";

const mebibyte = 1024 * 1024;
const reloads = 300;
/** So large a plugin that a load which is not forgotten would be seen. */
const ballast = "x".repeat(100_000);

/** One listener that answers by itself, and one with an upstream: what a session needs to reach it must not keep the generations since. */
const config = (endpoint: string): string =>
  configText(
    `web: { listen: "tcp://127.0.0.1:0", plugins: [heavy(), rateLimit({ bytes: { rate: "1GiB" } }), dnsCache(), logging(), echo()] },
     far: { listen: "tcp://127.0.0.1:0", upstream: "${endpoint}", plugins: [heavy()] }`,
    `import { heavy } from "./heavy.ts";`,
  );
const heavy = (at: number): string => `import { definePlugin, CLOCK, type Plugin } from "sluice";
import { each } from "sluice/flow";
import { inject, injectable } from "tsyringe";
const ballast = "${at} ${ballast}".split("").length;
@injectable()
class Heavy implements Plugin {
  readonly table = new Array(1000).fill(ballast);
  constructor(@inject(CLOCK) readonly clock: object) {}
  fromClient(data) { return data.pipe(each((chunk) => (this.table.length > 0 ? chunk : null))); }
}
export const heavy = definePlugin("heavy", Heavy);
`;

describe("Three hundred reloads", function () {
  this.timeout(180_000);

  it("leave no more memory and descriptors in use than before, while connections stay open", async function () {
    if (!hasProcessTable) this.skip();
    if ((process.env["NODE_V8_COVERAGE"] ?? "") !== "") {
      // Coverage keeps every script that was ever evaluated, which is what this test must not see.
      expect(await passInChild(["dist/test/integration/leak-over-reloads.spec.js"], { NODE_V8_COVERAGE: "" }, 170_000)).to.equal(1);
      return;
    }
    const upstream = await startUpstream("echo");
    await withLiveConfig({ "proxy.config.ts": config(upstream.endpoint), "heavy.ts": heavy(0) }, async (folder) => {
      const { live } = folder;
      live.stop();
      const open = [await connect(folder.port("web")), await connect(folder.port("far"))];
      const turn = async (at: number): Promise<void> => {
        // One load in ten fails, as they do while one types.
        const broken = at % 10 === 5;
        folder.write("heavy.ts", broken ? "export const heavy = ;" : heavy(at));
        const report = await live.reload().catch(() => undefined);
        expect(report === undefined).to.equal(broken);
        for (const socket of open) expect(await exchange(socket, "on")).to.equal("on");
      };
      for (let at = 1; at <= 40; at += 1) {
        await turn(at);
      }
      const [heap, descriptors] = [await liveHeap(), openDescriptors()];
      for (let at = 41; at <= 40 + reloads; at += 1) {
        await turn(at);
      }
      const grown = (await liveHeap()) - heap;
      expect(openDescriptors()).to.be.at.most(descriptors);
      // A leak of even one load in ten would be 30 times that ballast.
      expect(grown / mebibyte, "MiB of growth").to.be.lessThan(2);
      for (const socket of open) socket.destroy();
    });
    await upstream.close();
  });
});
