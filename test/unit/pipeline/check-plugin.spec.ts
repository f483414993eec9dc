import { expect } from "chai";
import { tap, type Observable } from "rxjs";
import { createProxy, definePlugin, SluiceError, type FunctionPlugin, type PluginClass, type PluginFactory } from "sluice";
import { createLogger } from "../../../core/runtime/log/logger.ts";

const logger = createLogger({ level: "silent" });

/** What refuses a proxy with such a plugin, as one in JavaScript may be. */
async function refusalOf(odd: PluginFactory<object>): Promise<SluiceError> {
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
  "an instance with a misspelt hook": [() => new Derived(), 'fromclient is no hook, did you mean "fromClient"?'],
  "an object without any hook": [
    () => ({ onData: (data: unknown) => data }),
    "its onData is no hook, and it has no other: hooks are admit, resolve",
  ],
  "a setup that is no function": [() => ({ setup: Promise.resolve() }), "setup"],
};

describe("what a plugin's function returns", () => {
  for (const [name, [made, says]] of Object.entries(odd)) {
    it(`refuses the config with the plugin's name when it is ${name}`, async () => {
      const error = await refusalOf(definePlugin("odd", made as () => FunctionPlugin));
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

const helpers = [
  "connected",
  "resolver",
  "reconnect",
  "disconnect",
  "admitted",
  "admits",
  "exchanges",
  "setups",
  "inherited",
  "evolve",
  "commit",
  "toClient",
  "closed",
];
const slips: Readonly<Record<string, string>> = {
  conect: "connect",
  connectt: "connect",
  Connect: "connect",
  resovle: "resolve",
  admt: "admit",
  fromClinet: "fromClient",
  from_client: "fromClient",
  fromUpstrem: "fromUpstream",
  onConnect: "connect",
  onUpstream: "fromUpstream",
  tearDown: "teardown",
  setUp: "setup",
  exchnage: "exchange",
};

describe("the helpers beside the hooks of a function plugin", () => {
  for (const name of helpers) {
    it(`may be called ${name}`, async () => {
      const plugin = definePlugin("helped", () => ({ fromUpstream: (data) => data, [name]: () => true }));
      const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [plugin()] } } }, { logger });
      await proxy.close();
    });
  }

  for (const [name, meant] of Object.entries(slips)) {
    it(`may not be ${name}, which is ${meant} misspelt`, async () => {
      const error = await refusalOf(definePlugin("odd", () => ({ [name]: (data: unknown) => data })));
      expect(error.message).to.include(`its ${name} is no hook, did you mean "${meant}"?`);
    });
  }

  it("may resemble a hook that the plugin has", async () => {
    const plugin = definePlugin("helped", () => ({ connect: (attempt) => attempt, conect: () => true }));
    const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [plugin()] } } }, { logger });
    await proxy.close();
  });
});

type Data = Observable<Buffer>;

class WithField {
  fromUpsteam = (data: Data): Data => data;
  setup(): void {
    // Its other parts are right.
  }
}
class Base {
  fromclient(data: Data): Data {
    return data;
  }
}
class Derived extends Base {
  teardown(): void {
    // As above.
  }
}
const misspelt: Readonly<Record<string, [new () => object, string]>> = {
  "in a base class": [Derived, 'its fromclient is no hook, did you mean "fromClient"?'],
  "as another word for it": [
    class {
      onClient(data: Data): Data {
        return data;
      }
    },
    'its onClient is no hook, did you mean "fromClient"?',
  ],
  "in a field": [WithField, 'its fromUpsteam is no hook, did you mean "fromUpstream"?'],
  "in the life cycle": [
    class {
      tearDown(): void {
        // Never called.
      }
    },
    'its tearDown is no hook, did you mean "teardown"?',
  ],
};

/** Methods of its own, whose names are near to a hook's. */
class Busy {
  connected = (): boolean => true;
  get resolver(): never {
    throw new Error("a getter is not to be called");
  }
  fromClient(data: Data): Data {
    return data.pipe(tap(() => this.toUpstream()));
  }
  toClient(): void {
    // The hook that it resembles is there.
  }
  toUpstream(): boolean {
    return this.connected();
  }
  disconnect(): void {
    // Called by another object.
  }
}

describe("a plugin class", () => {
  for (const [where, [Class, says]] of Object.entries(misspelt)) {
    it(`refuses the config when a hook is misspelt ${where}`, async () => {
      const error = await refusalOf(definePlugin("odd", Class as PluginClass));
      expect(error.code).to.equal("SLUICE_PLUGIN_CONSTRUCT");
      expect(error.message).to.include("listeners.web.plugins[0]").and.include(says);
    });
  }

  it("may have methods and getters of its own, whatever they are called", async () => {
    const busy = definePlugin("busy", Busy);
    const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [busy()] } } }, { logger });
    await proxy.close();
  });
});
