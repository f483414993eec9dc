import { expect } from "chai";
import { definePlugin, LOGGER, METRICS, SluiceError } from "sluice";
import type { InjectionKey, Provider, ResolvedUse } from "sluice";
import type { DependencyContainer, InjectionToken } from "tsyringe";
import { constructPlugin, createContainer } from "../../../core/pipeline/construct.ts";
import { provide } from "../../../core/pipeline/provide.ts";

const site = { listener: "web", file: "proxy.config.ts", locate: () => undefined };

class Store {
  readonly name = "store";
}

async function containerWith(...providers: readonly Provider[]): Promise<DependencyContainer> {
  const container = createContainer([{ token: METRICS, value: "the core's metrics" }]);
  await provide(container, providers, 20, site);
  return container;
}

async function refusalOf(...providers: readonly Provider[]): Promise<SluiceError> {
  const error: unknown = await containerWith(...providers).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (SluiceError.is(error)) return error;
  throw new Error(`expected a SluiceError, got ${String(error)}`);
}

describe("the providers of a config", () => {
  it("replace a token of the core and a token of the use", async () => {
    const container = await containerWith({ token: METRICS, useValue: "mine" }, { token: LOGGER, useFactory: () => "made" });
    const factory = definePlugin("p", (_options, give) => ({ borrows: false, given: [give(METRICS), give(LOGGER)] }));
    const use: ResolvedUse = { name: "p", path: "plugins[0]", use: factory(), options: {} };
    const { plugin } = constructPlugin(container, use, [{ token: LOGGER, value: "the use's logger" }], site);
    expect(plugin).to.deep.include({ given: ["mine", "made"] });
  });

  it("make one instance of a class, and call a factory once, for the whole generation", async () => {
    let calls = 0;
    const container = await containerWith({ token: "store", useClass: Store }, { token: "made", useFactory: () => (calls += 1) });
    const [a, b] = [container.resolve("store"), container.resolve("store")];
    expect(a).to.be.instanceOf(Store).and.to.equal(b);
    expect([container.resolve("made"), container.resolve("made"), calls]).to.deep.equal([1, 1, 1]);
  });

  it("inject the value of an asynchronous factory's promise, and do not await other thenables", async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- query builders are, and that is the point
    const query = { then: (): never => expect.fail("nobody asked for it") };
    const container = await containerWith(
      { token: "store", useFactory: async () => Promise.resolve("opened") },
      { token: "query", useFactory: () => query },
    );
    expect(container.resolve("store")).to.equal("opened");
    expect(container.resolve("query" as InjectionToken)).to.equal(query);
  });

  const failing: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new Error("no connection");
    },
    rejects: async () => Promise.reject(new Error("no connection")),
    "rejects with a SluiceError": async () => Promise.reject(new SluiceError("SLUICE_PLUGIN_CONSTRUCT", "store: no connection")),
  };
  for (const [how, useFactory] of Object.entries(failing)) {
    it(`refuse the config with their place when a factory ${how}`, async () => {
      const error = await refusalOf({ token: "fine", useValue: 1 }, { token: "store", useFactory });
      expect(error.message).to.match(/^proxy\.config\.ts: providers\[1\]: .*store.*no connection/);
      expect(error.code).to.equal("SLUICE_PLUGIN_CONSTRUCT");
    });
  }

  it("refuse it when a factory never settles, after timeouts.setup", async () => {
    const token = Symbol("slow store") as InjectionKey<unknown>;
    const error = await refusalOf({ token, useFactory: () => new Promise(() => undefined) });
    expect(error.message)
      .to.match(/^proxy\.config\.ts: providers\[0\]: .*Symbol\(slow store\)/)
      .and.include("timeouts.setup, 20 ms");
  });
});
