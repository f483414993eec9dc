import { expect } from "chai";
import { createProxy, SluiceError } from "sluice";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { connect } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });
const good = configText('web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }');
const withPlugin = (timeouts = ""): string => `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
import { faulty } from "./faulty.ts";
export default defineConfig({ ${timeouts} listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [faulty(), echo()] } } });
`;
const faultyClass = (body: string): string => `import { definePlugin, type Plugin } from "sluice";
class Faulty implements Plugin {
  ${body}
}
export const faulty = definePlugin("faulty", Faulty);
`;

const faults = [
  {
    what: "a constructor that throws",
    body: 'constructor() { throw new Error("not built"); }',
    code: "SLUICE_PLUGIN_CONSTRUCT",
    says: "not built",
  },
  {
    what: "a setup() that throws",
    body: 'setup(): void { throw new Error("not set up"); }',
    code: "SLUICE_PLUGIN_SETUP",
    says: "not set up",
  },
  {
    what: "a setup() that rejects",
    body: 'async setup(): Promise<void> { await Promise.resolve(); throw new Error("rejected"); }',
    code: "SLUICE_PLUGIN_SETUP",
    says: "rejected",
  },
];

describe("A plugin that cannot be started", () => {
  for (const { what, body, code, says } of faults) {
    it(`refuses the reload with the place in the plugin's source, and harms no session: ${what}`, async () => {
      await withLiveConfig({ "proxy.config.ts": good, "faulty.ts": faultyClass(body) }, async (folder) => {
        const open = await connect(folder.port("web"));
        const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", withPlugin()));
        if (outcome.type !== "refused") throw new Error("it was applied");
        expect(outcome.error.code).to.equal(code);
        expect(outcome.error.message)
          .to.match(/faulty\.ts:3:\d+/)
          .and.include('plugin "faulty"')
          .and.include(`(${folder.file}: listeners.web.plugins[0])`)
          .and.include(says);
        expect(await exchange(open, "open")).to.equal("open");
        expect(await exchangeOnce(folder.port("web"), "new")).to.equal("new");
        const fixed = await folder.outcomeOf(() => folder.write("faulty.ts", faultyClass("setup(): void { return; }")));
        expect(fixed.type).to.equal("reloaded");
        expect(await exchange(open, "still open")).to.equal("still open");
        open.destroy();
      });
    });
  }

  it("refuses the reload when its setup() never ends, after timeouts.setup", async () => {
    const body = "setup(): Promise<void> { return new Promise(() => undefined); }";
    await withLiveConfig({ "proxy.config.ts": good, "faulty.ts": faultyClass(body) }, async (folder) => {
      const open = await connect(folder.port("web"));
      const text = withPlugin('timeouts: { setup: "200ms" },');
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", text));
      expect(outcome.type === "refused" && outcome.error.code).to.equal("SLUICE_PLUGIN_SETUP");
      expect(outcome.type === "refused" && outcome.error.message)
        .to.include(`${folder.file}: listeners.web.plugins[0]: `)
        .and.include("timeouts.setup, 200 ms");
      expect(await exchange(open, "open")).to.equal("open");
      await folder.apply(good.replace("listeners: {", 'timeouts: { idle: "9m" }, listeners: {'));
      expect(await exchange(open, "on")).to.equal("on");
      open.destroy();
    });
  });

  it("is torn down, and so are the plugins that were set up before it", async () => {
    const first = createProbe();
    const second = createProbe({
      setup: () => {
        throw new Error("no");
      },
    });
    const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } }, { logger });
    const next = {
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [first.use({ name: "a" }), second.use({ name: "b" }), echo()] } },
    };
    const refusal = await proxy.apply(next).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(SluiceError.is(refusal) && refusal.code).to.equal("SLUICE_PLUGIN_SETUP");
    expect(first.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
    expect(second.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
    await proxy.close();
    expect(first.count("teardown")).to.equal(1);
  });

  it("prevents a proxy from starting, and leaves nothing open", async () => {
    const probe = createProbe({ setup: () => Promise.reject(new Error("not today")) });
    const config = { listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use(), echo()] } } };
    const refusal = await createProxy(config, { logger }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(SluiceError.is(refusal) && refusal.message)
      .to.include("not today")
      .and.include('listener "web"');
    expect(probe.count("teardown")).to.equal(1);
  });
});
