import { expect } from "chai";
import { SluiceError } from "sluice";
import type { Plugin } from "sluice";
import { inheritState, setupPlugins, teardownPlugins } from "../../../core/pipeline/lifecycle.ts";
import type { LivePlugin } from "../../../core/pipeline/live-plugin.ts";
import { plugin as use } from "../../support/with-proxy.ts";

const site = { listener: "web", file: "proxy.config.ts", locate: () => undefined };
const live = (name: string, plugin: Plugin): LivePlugin => ({
  use: { name, path: "listeners.web.plugins[1]", use: use(name, {}), options: {} },
  plugin,
  borrows: false,
});

const never = (): void => {
  throw new Error("nothing was to fail");
};

async function refusalOf(work: Promise<unknown>): Promise<SluiceError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (SluiceError.is(error)) return error;
  throw new Error(`expected a SluiceError, got ${String(error)}`);
}

const byName = (...plugins: LivePlugin[]): ReadonlyMap<string, LivePlugin> => new Map(plugins.map((each) => [each.use.name, each]));

describe("the life of plugins", () => {
  it("sets plugins up one after the other, in order", async () => {
    const order: string[] = [];
    const slow = live("slow", { setup: () => new Promise<void>((resolve) => void setImmediate(() => resolve(void order.push("slow")))) });
    await setupPlugins([slow, live("none", {}), live("quick", { setup: () => void order.push("quick") })], 1000, site);
    expect(order).to.deep.equal(["slow", "quick"]);
  });

  it("puts the config's file and the option's path before the place that an error of the plugin names itself", async () => {
    const setup = (): never => {
      throw new SluiceError("SLUICE_CERTIFICATE_INVALID", "cannot read the cert", { where: "/etc/gone.pem" });
    };
    const error = await refusalOf(setupPlugins([live("tls", { setup })], 20, site));
    expect(error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
    expect(error.message).to.match(/^proxy\.config\.ts: listeners\.web\.plugins\[1\]: \/etc\/gone\.pem: cannot read the cert \(/);
  });

  const failing: Readonly<Record<string, Plugin>> = {
    throws: {
      setup: () => {
        throw new Error("no database");
      },
    },
    rejects: { setup: () => Promise.reject(new Error("no database")) },
    "never ends": { setup: () => new Promise<void>(() => undefined) },
  };
  for (const [name, plugin] of Object.entries(failing)) {
    it(`names plugin, listener and place when setup ${name}`, async () => {
      const error = await refusalOf(setupPlugins([live("shaky", plugin)], 20, site));
      expect(error.code).to.equal("SLUICE_PLUGIN_SETUP");
      expect(error.message).to.match(/^proxy\.config\.ts: listeners\.web\.plugins\[1\]: .*"web".*"shaky"/);
    });
  }

  it("hands over state only between instances of the same name and kind", () => {
    const handed: string[] = [];
    const heir = (name: string): LivePlugin => live(name, { inherit: () => void handed.push(name) });
    inheritState([heir("a"), heir("b")], byName(live("b", {}), live("c", {})), site, never);
    expect(handed).to.deep.equal(["b"]);
    const renamed: LivePlugin = { ...live("other", {}), use: { ...live("other", {}).use, name: "a" } };
    inheritState([heir("a")], byName(renamed), site, never);
    expect(handed, "of another plugin under the same name").to.deep.equal(["b"]);
  });

  it("reports an inherit() that was declared async and rejects, and leaves nothing uncaught", async () => {
    const inherit: unknown = () => Promise.reject(new Error("no state"));
    const broken = live("a", { inherit } as Plugin);
    const failed = await new Promise<[string, SluiceError]>((resolve) => {
      inheritState([broken], byName(live("a", {})), site, (...fault) => resolve(fault));
    });
    expect(failed[0]).to.equal("a");
    expect(failed[1].message).to.include("inherit()").and.include("no state").and.include("proxy.config.ts");
  });

  it("tears every plugin down, also when one fails", async () => {
    const failed: string[] = [];
    let torn = 0;
    const plugins = [
      live("bad", { teardown: () => Promise.reject(new Error("stuck")) }),
      live("good", { teardown: () => void (torn += 1) }),
    ];
    await teardownPlugins(plugins, 1000, site, (name, error) => void failed.push(`${name} ${error.code}`));
    expect([torn, failed]).to.deep.equal([1, ["bad SLUICE_PLUGIN_FAILED"]]);
  });
});
