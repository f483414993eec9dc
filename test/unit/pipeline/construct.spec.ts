import { expect } from "chai";
import { definePlugin, LOGGER, METRICS, OPTIONS, SluiceError } from "sluice";
import type { Plugin, PluginUse, Provider, ResolvedUse } from "sluice";
import { inject, injectable } from "tsyringe";
import { constructPlugin, createContainer, type Binding } from "../../../core/pipeline/construct.ts";
import type { LivePlugin } from "../../../core/pipeline/live-plugin.ts";

const site = { listener: "web", file: "proxy.config.ts", locate: () => undefined };
const resolved = (use: PluginUse, options: unknown = {}): ResolvedUse => ({ name: use.id, use, options });

/** Builds a use of a plugin in a generation with these tokens. */
function construct(use: ResolvedUse, providers: readonly Provider[] = [], own: readonly Binding[] = []): LivePlugin {
  return constructPlugin(createContainer([{ token: METRICS, value: "the core's metrics" }], providers, site), use, own, site);
}

@injectable()
class Needy implements Plugin {
  constructor(
    @inject(OPTIONS) readonly options: unknown,
    @inject(METRICS) readonly metrics: unknown,
    @inject(LOGGER) readonly logger: unknown,
  ) {}

  teardown(): void {
    // A plugin has a hook or a life.
  }
}

class Plain implements Plugin {
  teardown(): void {
    // As above.
  }
}
class Borrowing extends Plain {
  static readonly borrows = true;
}
const needy = definePlugin("needy", Needy);
const logger: Binding = { token: LOGGER, value: "the use's logger" };

describe("the construction of a plugin", () => {
  it("injects the use's options and tokens, and the core's", () => {
    const { plugin } = construct(resolved(needy(), { level: 1 }), [], [logger]);
    expect(plugin)
      .to.include({ metrics: "the core's metrics", logger: "the use's logger" })
      .and.deep.include({ options: { level: 1 } });
  });

  it("lets a provider of the config replace a token of the core's and of the use's own", () => {
    const providers: Provider[] = [
      { token: METRICS, useValue: "mine" },
      { token: LOGGER, useFactory: () => "made" },
    ];
    expect(construct(resolved(needy()), providers, [logger]).plugin).to.include({ metrics: "mine", logger: "made" });
  });

  it("makes one instance of a provider's class, and calls its factory once, for the whole generation", () => {
    let calls = 0;
    const providers: Provider[] = [
      { token: "store", useClass: Plain },
      { token: "made", useFactory: () => (calls += 1) },
    ];
    const container = createContainer([], providers, site);
    const use = definePlugin("both", (_options, give) => ({ store: give("store"), made: give("made"), borrows: false }));
    const [a, b] = [0, 1].map(() => constructPlugin(container, resolved(use()), [], site).plugin as { store?: unknown; made?: unknown });
    expect(a?.store).to.be.instanceOf(Plain).and.to.equal(b?.store);
    expect([a?.made, b?.made, calls]).to.deep.equal([1, 1, 1]);
  });

  it("names the provider whose factory fails, and the place", () => {
    const providers: Provider[] = [
      { token: "fine", useValue: 1 },
      {
        token: "store",
        useFactory: () => {
          throw new Error("no connection");
        },
      },
    ];
    expect(() => createContainer([], providers, site))
      .to.throw(SluiceError, /^proxy\.config\.ts: providers\[1\]: .*store.*no connection/)
      .with.property("code", "SLUICE_PLUGIN_CONSTRUCT");
  });

  it("makes an instance per use", () => {
    const container = createContainer([], [], site);
    const use = resolved(definePlugin("plain", Plain)());
    expect(constructPlugin(container, use, [], site).plugin).not.to.equal(constructPlugin(container, use, [], site).plugin);
  });

  it("takes a plugin for one that borrows only when it says so", () => {
    const uses: Readonly<Record<string, PluginUse>> = {
      "a class": definePlugin("p", Plain)(),
      "a class that does": definePlugin("p", Borrowing)(),
      "a function": definePlugin("p", () => ({}))(),
      "a function that does": definePlugin("p", () => ({ borrows: true }))(),
    };
    const borrowing = Object.entries(uses).filter(([, use]) => construct(resolved(use)).borrows);
    expect(borrowing.map(([name]) => name)).to.deep.equal(["a class that does", "a function that does"]);
  });

  it("names the plugin, the listener and the place when it fails", () => {
    const failing = definePlugin("failing", () => {
      throw new Error("no key");
    });
    expect(() => construct(resolved(failing())))
      .to.throw(SluiceError, /^proxy\.config\.ts: listeners\.web\.plugins: .*"web".*"failing".*no key/)
      .with.property("code", "SLUICE_PLUGIN_CONSTRUCT");
  });

  it("gives a SluiceError of the plugin's own a place, and leaves its code", () => {
    const failing = definePlugin("failing", () => {
      throw new SluiceError("SLUICE_CERTIFICATE_INVALID", "cert.pem has expired");
    });
    expect(() => construct(resolved(failing())))
      .to.throw(SluiceError, /^proxy\.config\.ts: listeners\.web\.plugins: cert\.pem has expired/)
      .with.property("code", "SLUICE_CERTIFICATE_INVALID");
  });
});
