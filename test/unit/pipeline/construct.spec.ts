import { expect } from "chai";
import { definePlugin, LOGGER, METRICS, OPTIONS, SluiceError } from "sluice";
import type { Plugin, PluginClass, PluginUse, ResolvedUse } from "sluice";
import { inject, injectable } from "tsyringe";
import { constructPlugin, createContainer, type Binding } from "../../../core/pipeline/construct.ts";
import type { LivePlugin } from "../../../core/pipeline/live-plugin.ts";

const site = { listener: "web", file: "proxy.config.ts", locate: () => undefined };
const resolved = (use: PluginUse, options: unknown = {}): ResolvedUse => ({ name: use.id, path: "listeners.web.plugins[2]", use, options });

/** Builds a use of a plugin in a generation with these tokens. */
function construct(use: ResolvedUse, own: readonly Binding[] = []): LivePlugin {
  return constructPlugin(createContainer([{ token: METRICS, value: "the core's metrics" }]), use, own, site);
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

class Bare extends Plain {
  constructor(readonly logger: unknown) {
    super();
  }
}

// What swc emits for a parameter whose type is an interface.
class Vague extends Plain {
  constructor(readonly logger: object) {
    super();
  }
}
Reflect.defineMetadata("design:paramtypes", [Object], Vague);
injectable()(Vague);

@injectable()
class Lonely extends Plain {
  constructor(@inject("store") readonly store: unknown) {
    super();
  }
}
const needy = definePlugin("needy", Needy);
const logger: Binding = { token: LOGGER, value: "the use's logger" };

describe("the construction of a plugin", () => {
  it("injects the use's options and tokens, and the core's", () => {
    const { plugin } = construct(resolved(needy(), { level: 1 }), [logger]);
    expect(plugin)
      .to.include({ metrics: "the core's metrics", logger: "the use's logger" })
      .and.deep.include({ options: { level: 1 } });
  });

  it("injects the tokens that a class without decorators lists, and builds a class that extends a decorated one", () => {
    class Listing extends Plain {
      static readonly inject = [LOGGER, OPTIONS, METRICS];
      constructor(
        readonly log: unknown,
        readonly options: unknown,
        readonly metrics: unknown,
      ) {
        super();
      }
    }
    const { plugin } = construct(resolved(definePlugin("listing", Listing)(), { level: 2 }), [logger]);
    expect(plugin)
      .to.include({ log: "the use's logger", metrics: "the core's metrics" })
      .and.deep.include({ options: { level: 2 } });
    class Inheriting extends Listing {}
    expect(construct(resolved(definePlugin("inheriting", Inheriting)()), [logger]).plugin).to.include({ log: "the use's logger" });
    class Derived extends Needy {
      static readonly inject = [OPTIONS, METRICS, LOGGER];
    }
    expect(construct(resolved(definePlugin("derived", Derived)()), [logger]).plugin).to.include({ metrics: "the core's metrics" });
  });

  it("makes an instance per use", () => {
    const container = createContainer([]);
    const use = resolved(definePlugin("plain", Plain)());
    expect(constructPlugin(container, use, [], site).plugin).not.to.equal(constructPlugin(container, use, [], site).plugin);
  });

  it("treats a plugin as one that borrows only when it says so", () => {
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
      .to.throw(SluiceError, /^proxy\.config\.ts: listeners\.web\.plugins\[2\]: .*"web".*"failing".*no key/)
      .with.property("code", "SLUICE_PLUGIN_CONSTRUCT");
  });

  const undecorated: Readonly<Record<string, [PluginClass, RegExp]>> = {
    "a class without its decorator": [Bare, /"Bare": put @injectable\(\) above the class/],
    "a parameter without its token": [Vague, /"logger" at position #0.*: name the parameter's token: @inject\(LOGGER\)/],
    "a token that nobody provides": [Lonely, /"store": add a provider for it to `providers`/],
  };
  for (const [what, [Class, says]] of Object.entries(undecorated)) {
    it(`says on one line what to do about ${what}`, () => {
      expect(() => construct(resolved(definePlugin("p", Class)()))).to.throw(SluiceError, says);
    });
  }

  it("gives a SluiceError of the plugin's own a place, and leaves its code", () => {
    const failing = definePlugin("failing", () => {
      throw new SluiceError("SLUICE_CERTIFICATE_INVALID", "cert.pem has expired");
    });
    expect(() => construct(resolved(failing())))
      .to.throw(SluiceError, /^proxy\.config\.ts: listeners\.web\.plugins\[2\]: cert\.pem has expired/)
      .with.property("code", "SLUICE_CERTIFICATE_INVALID");
  });
});
