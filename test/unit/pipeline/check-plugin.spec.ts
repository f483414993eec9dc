import { expect } from "chai";
import { createProxy, definePlugin, SluiceError, type FunctionPlugin } from "sluice";
import { createLogger } from "../../../core/runtime/logger.ts";

const logger = createLogger({ level: "silent" });

/** What refuses a proxy whose plugin's function returns this, as one in JavaScript may. */
async function refusalOf(made: () => unknown): Promise<SluiceError> {
  const odd = definePlugin("odd", made as () => FunctionPlugin);
  const error: unknown = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [odd()] } } }, { logger }).then(
    (proxy) => proxy.close(),
    (reason: unknown) => reason,
  );
  if (SluiceError.is(error)) return error;
  throw new Error(`expected a SluiceError, got ${String(error)}`);
}

const odd: Readonly<Record<string, [() => unknown, string]>> = {
  "a promise of hooks": [() => Promise.resolve({}), "promise"],
  "a promise that rejects": [() => Promise.reject(new Error("too late")), "promise"],
  nothing: [() => undefined, "undefined"],
  null: [() => null, "null"],
  "a text": [() => "hooks", "string"],
  "a hook that is no function": [() => ({ fromClient: 5 }), "fromClient"],
  "a misspelt hook": [() => ({ fromCleint: (data: unknown) => data }), 'fromCleint is no hook, did you mean "fromClient"?'],
  "a setup that is no function": [() => ({ setup: Promise.resolve() }), "setup"],
};

describe("what a plugin's function returns", () => {
  for (const [name, [made, says]] of Object.entries(odd)) {
    it(`refuses the config with the plugin's name when it is ${name}`, async () => {
      const error = await refusalOf(made);
      expect(error.code).to.equal("SLUICE_PLUGIN_CONSTRUCT");
      expect(error.message).to.include('plugin "odd"').and.include("listeners.web.plugins[0]").and.include(says);
    });
  }

  it("may leave hooks undefined or null", async () => {
    const sparse = definePlugin("sparse", () => ({ fromClient: undefined, admit: null }) as unknown as FunctionPlugin);
    const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [sparse()] } } }, { logger });
    await proxy.close();
  });
});
