import { expect } from "chai";
import { z } from "zod";
import { resolveConfig } from "../../../support/resolve-config.ts";
import { definePlugin, type SluiceError } from "../../../../core/contract/index.ts";
import { failureOf } from "../failure.ts";

const limit = definePlugin(
  "limit",
  () => ({}),
  z.object({
    connections: z.object({ rate: z.number(), burst: z.number().min(1).optional() }).optional(),
    key: z.enum(["client", "listener"]).default("client"),
  }),
);
const free = definePlugin("free", () => ({}));
const nothing = definePlugin("nothing", () => ({}), z.object({}));
const either = definePlugin(
  "either",
  () => ({}),
  z.object({ one: z.string().optional() }).refine(() => false, { error: "give one or the other", path: ["one"] }),
);
const listen = "tcp://127.0.0.1:0";

function refusal(config: unknown): Promise<SluiceError> {
  return failureOf(() => resolveConfig(config, { file: "/app/proxy.config.ts" }));
}

describe("resolveConfig", () => {
  it("fills in every default", () => {
    const config = resolveConfig({ listeners: { web: { listen: "tcp://127.0.0.1:8080", upstream: "localhost:3000" } } });
    const [web] = config.listeners;
    expect(web).to.deep.include({ name: "web", uses: [], reload: { sessions: "swap", deadlineMs: 30_000 } });
    expect(web?.address).to.include({ transport: "tcp", host: "127.0.0.1", port: 8080 });
    expect(config.timeouts).to.deep.equal({
      connect: 5000,
      handshake: 10_000,
      idle: 600_000,
      udpIdle: 60_000,
      drain: 30_000,
      setup: 30_000,
    });
    expect(config.limits).to.include({
      udpSessions: 1024,
      bufferPerFlow: 4 * 1024 ** 2,
      swapTimeout: 5000,
      sessionsPerClient: config.limits.sessions,
    });
    expect(config).to.deep.include({ providers: [], warnings: [], file: undefined });
  });

  it("takes the sizes of a UDP listener's socket buffers, and says why a TCP one has none", async () => {
    const socket = { receiveBuffer: "1MiB", sendBuffer: 65_536 };
    const { listeners } = resolveConfig({ listeners: { dns: { listen: "udp://127.0.0.1:0", socket } } });
    expect(listeners[0]?.socket).to.deep.equal({ receiveBuffer: 1_048_576, sendBuffer: 65_536 });
    for (const transport of ["tcp://127.0.0.1:0", "tls://127.0.0.1:0", "unix:///tmp/web.sock"]) {
      const { message } = await refusal({ listeners: { web: { listen: transport, socket } } });
      for (const option of ["receiveBuffer", "sendBuffer"]) expect(message).to.include(`listeners.web.socket.${option}`);
      expect(message).to.include("Node has no way to set the buffers of its sockets, only of UDP ones");
    }
    for (const wrong of [0, -1, "2GiB", "much", null]) {
      const { message } = await refusal({ listeners: { dns: { listen: "udp://127.0.0.1:0", socket: { receiveBuffer: wrong } } } });
      expect(message).to.include("listeners.dns.socket.receiveBuffer");
    }
  });

  it("treats undefined as left out", () => {
    const config = resolveConfig({
      plugins: undefined,
      admin: undefined,
      limits: { sessions: undefined, bufferPerFlow: undefined },
      timeouts: { connect: undefined },
      listeners: { web: { listen, upstream: undefined, reload: { deadline: undefined } }, gone: undefined },
    });
    expect(config.listeners.map(({ name }) => name)).to.deep.equal(["web"]);
    expect(config.timeouts.connect).to.equal(5000);
  });

  for (const given of ["debug", ["debug"], null, 3]) {
    it(`refuses options that are not an object, with the place of the use: ${JSON.stringify(given)}`, async () => {
      const plugins = [limit, free].map((factory) => (factory as unknown as (options: unknown) => unknown)(given));
      const { message } = await refusal({ listeners: { web: { listen, plugins } } });
      for (const index of [0, 1])
        expect(message).to.match(new RegExp(String.raw`listeners\.web\.plugins\[${index}\]: expected an object, got `));
      expect(message.split("\n")).to.have.length(2);
    });
  }

  for (const [what, listener, says] of [
    [
      "a missing listen",
      { plugins: [free()] },
      'listen: expected a text such as "tcp://127.0.0.1:8080" (or udp://, tls://, unix:///path, fd://NAME, fd+tls://NAME), but it is missing',
    ],
    [
      "a port as listen",
      { listen: 8080 },
      'listen: expected a text such as "tcp://127.0.0.1:8080" (or udp://, tls://, unix:///path, fd://NAME, fd+tls://NAME), got 8080',
    ],
    [
      "a port as upstream",
      { listen, upstream: 3000 },
      'upstream: expected a text such as "localhost:3000", or an array, or an object, got 3000',
    ],
    ["no endpoint", { listen, upstream: [] }, "upstream: expected at least 1 entry, got an empty array"],
    [
      "a misspelt common option",
      { listen, plugins: [nothing({ enbled: false } as object)] },
      'plugins[0].enbled: unknown option, did you mean "enabled"?',
    ],
    ["what a schema asks for in its own words", { listen, plugins: [either({})] }, "plugins[0].one: give one or the other"],
  ] as const) {
    it(`says what would be right: ${what}`, async () => {
      const { message } = await refusal({ listeners: { web: listener } });
      expect(message).to.include(`/app/proxy.config.ts: listeners.web.${says} (SLUICE_CONFIG_INVALID`);
    });
  }

  it("reports every problem at once, each with file, path, what was expected and what came", async () => {
    const error = await refusal({
      listener: {},
      listeners: {
        web: { listen: "127.0.0.1:80", upstrem: "a:1", plugins: [limit({ connections: { rat: 1 } } as never)] },
        "a b": { listen },
      },
      timeouts: { connect: "5 parsecs", idle: 0 },
      limits: { sessions: 1.5 },
    });
    expect(error.code).to.equal("SLUICE_CONFIG_INVALID");
    const lines = error.message.split("\n").map((line) => line.replace(/ \(SLUICE.*$/, ""));
    expect(lines).to.have.members([
      '/app/proxy.config.ts: listener: unknown option, did you mean "listeners"?',
      '/app/proxy.config.ts: listeners.web.listen: expected "tcp://127.0.0.1:8080" (or udp://, tls://, unix:///path, fd://NAME, fd+tls://NAME), got "127.0.0.1:80"',
      '/app/proxy.config.ts: listeners.web.upstrem: unknown option, did you mean "upstream"?',
      "/app/proxy.config.ts: listeners.web.plugins[0].connections.rate: expected a number, but it is missing",
      '/app/proxy.config.ts: listeners.web.plugins[0].connections.rat: unknown option, did you mean "rate"?',
      '/app/proxy.config.ts: listeners["a b"]: expected a name of letters, digits, "_", "-" and ".", at most 64 characters, got "a b"',
      '/app/proxy.config.ts: timeouts.connect: expected a duration such as "250ms", "5s" or "2m", or milliseconds, got "5 parsecs"',
      "/app/proxy.config.ts: timeouts.idle: expected more than 0, got 0",
      "/app/proxy.config.ts: limits.sessions: expected a whole number, got 1.5",
    ]);
  });

  it("bounds what the operators of one flow may hold", async () => {
    for (const [bufferPerFlow, expected] of [
      ["2GiB", "expected at most 1GiB"],
      [0, "expected at least 1 byte"],
    ] as const) {
      const { message } = await refusal({ limits: { bufferPerFlow }, listeners: { web: { listen } } });
      expect(message).to.contain(`limits.bufferPerFlow: ${expected}`);
    }
    expect(resolveConfig({ limits: { bufferPerFlow: "1GiB" }, listeners: { web: { listen } } }).limits.bufferPerFlow).to.equal(1024 ** 3);
  });

  it("refuses a value that is not a config", async () => {
    for (const input of [undefined, null, 1, [], "x"]) expect((await refusal(input)).message).to.contain("expected a config object");
    expect((await refusal(Promise.resolve({}))).message).to.contain("got a promise (await it)");
    expect((await refusal({})).message).to.contain("listeners: expected an object with the listeners by their names");
    expect((await refusal({ listeners: {} })).message).to.contain("expected at least one listener");
    expect((await refusal({ listeners: { a: { listen } }, admin: "yes" })).message).to.contain("admin: expected");
  });

  it("says what to do about something in plugins that is not a plugin use", async () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [limit, "got the function limit: call it: limit()"],
      [() => 1, "call it: plugin()"],
      [class Redact extends Error {}, 'got the class Redact: call what definePlugin("some-name", Redact) returns'],
      [{ connect: () => 1 }, "got an object with hooks: call what definePlugin"],
      [Promise.resolve(), "got a promise: await it"],
      [undefined, "got undefined: does the module"],
      [false, "{ enabled: false }"],
      [{ ...limit() }, "one of another copy"],
      ["logging", 'got "logging"'],
    ];
    for (const [value, text] of cases) {
      const error = await refusal({ plugins: [limit(), value], listeners: { a: { listen } } });
      expect(error.message)
        .to.match(/^\/app\/proxy\.config\.ts: plugins\[1\]: expected a plugin use/)
        .and.contain(text);
    }
  });

  it("checks enabled, name and onError of a plugin use, and knows their names", async () => {
    const uses = [limit({ enabled: "no", name: "a b", onError: "ignore" } as never), limit({ enabeld: true } as never)];
    const { message } = await refusal({ listeners: { a: { listen, plugins: uses } } });
    expect(message).to.contain('listeners.a.plugins[0].enabled: expected true or false, got "no"');
    expect(message).to.contain("listeners.a.plugins[0].name: expected a name");
    expect(message).to.contain('listeners.a.plugins[0].onError: expected one of "close", "bypass", got "ignore"');
    expect(message).to.contain('listeners.a.plugins[1].enabeld: unknown option, did you mean "enabled"?');
  });

  it("parses a use's options with its schema, and leaves those of a plugin without one alone", () => {
    const config = resolveConfig({ listeners: { a: { listen, plugins: [limit({ key: undefined }), free({ x: 1 } as object)] } } });
    expect(config.listeners[0]?.uses.map(({ options }) => options)).to.deep.equal([{ key: "client" }, { x: 1 }]);
  });

  it("names repeats -2 and -3, the config's own plugins first, and counts disabled ones", () => {
    const named = (enabled: boolean): (readonly string[])[] =>
      resolveConfig({
        plugins: [limit()],
        listeners: { a: { listen, plugins: [limit({ enabled }), free(), limit(), limit({ name: "limit-4" }), limit()] } },
      }).listeners.map(({ uses }) => uses.map(({ name }) => name));
    expect(named(true)).to.deep.equal([["limit", "limit-2", "free", "limit-3", "limit-4", "limit-5"]]);
    expect(named(false)).to.deep.equal([["limit", "free", "limit-3", "limit-4", "limit-5"]]);
  });

  it("refuses one name given twice within a listener", async () => {
    const { message } = await refusal({ listeners: { a: { listen, plugins: [limit({ name: "x" }), free({ name: "x" })] } } });
    expect(message).to.contain('listeners.a.plugins[1].name: expected a name of its own, got "x", which is listeners.a.plugins[0]');
  });

  it("refuses two listeners on one address and names both", async () => {
    const pairs: readonly (readonly [string, string])[] = [
      ["tcp://127.0.0.1:80", "tls://127.0.0.1:80"],
      ["tcp://0.0.0.0:80", "tcp://127.0.0.1:80"],
      ["tcp://10.0.0.1:80", "tcp://[::]:80"],
      ["udp://:80", "udp://127.0.0.1:80"],
      ["unix:///run/a", "unix:///run/a"],
    ];
    for (const [one, two] of pairs) {
      const error = await refusal({ listeners: { one: { listen: one }, two: { listen: two } } });
      expect(error.code).to.equal("SLUICE_ADDRESS_DUPLICATE");
      expect(error.message).to.contain("listeners.two.listen").and.contain("the listener one");
    }
  });

  it("accepts addresses that do not clash", () => {
    const addresses = ["tcp://:0", "tcp://:0", "tcp://:80", "udp://:80", "tcp://[::1]:80", "tcp://127.0.0.2:80", "unix:///a", "unix:///b"];
    const listeners = Object.fromEntries(addresses.map((each, index) => [`l${index}`, { listen: each }]));
    expect(resolveConfig({ listeners }).listeners).to.have.length(8);
  });

  it("refuses upstreams that lead back to their listener, and accepts chains", async () => {
    const own = await refusal({ listeners: { a: { listen: "tcp://:80", upstream: "localhost:80" } } });
    expect(own.message).to.contain("listeners.a.upstream").and.contain("a loop: a -> a");
    const pair = {
      a: { listen: "tcp://0.0.0.0:80", upstream: "127.0.0.1:81" },
      b: { listen: "tls://:81", upstream: ["x:1", "[::1]:80", "127.0.0.1:80"] },
    };
    expect((await refusal({ listeners: pair })).message).to.contain("a loop: a -> b -> a");
    const sockets = { a: { listen: "unix:///run/a", upstream: "unix:/run/a" } };
    expect((await refusal({ listeners: sockets })).message).to.contain("a loop: a -> a");
    const chain = {
      a: { listen: "tcp://:80", upstream: "127.0.0.1:81" },
      b: { listen: "tcp://:81", upstream: "127.0.0.1:82" },
      c: { listen: "udp://:90", upstream: "127.0.0.1:80" },
    };
    expect(resolveConfig({ listeners: chain }).listeners).to.have.length(3);
  });

  it("refuses an upstream that needs a stream on a udp listener", async () => {
    const upstream = { endpoints: ["unix:/a", "b:1"], tls: { serverName: "b.test" } };
    const { message } = await refusal({ listeners: { a: { listen: "udp://:1", upstream } } });
    expect(message).to.contain("listeners.a.upstream.tls").and.contain('on a udp listener, got "unix:/a"');
    const unasked = { endpoints: ["b:1"], health: { check: { expect: "x" } } };
    const { message: reason } = await refusal({ listeners: { a: { listen: "udp://:1", upstream: unasked } } });
    expect(reason).to.contain("listeners.a.upstream.health.check: expected { send, expect } on a udp listener");
  });

  it("warns about wildcards, unverified upstreams and more sessions than there are descriptors", () => {
    const { warnings, limits } = resolveConfig({
      limits: { sessions: 2 ** 20 },
      listeners: { a: { listen: "tcp://0.0.0.0:80", upstream: { endpoints: ["b:1"], tls: { verify: false } } } },
    });
    expect(warnings.some((each) => each.startsWith("listeners.a.listen: tcp://0.0.0.0:80"))).to.equal(true);
    expect(warnings.some((each) => each.startsWith("listeners.a.upstream.tls.verify"))).to.equal(true);
    if (process.platform === "linux") {
      expect(limits.sessions).to.be.lessThan(2 ** 20);
      expect(warnings.some((each) => each.startsWith("limits.sessions: lowered"))).to.equal(true);
    }
  });

  it("leaves stream sessions their descriptors, and warns, when a config asks for more UDP flows than there are descriptors", () => {
    const listeners = { a: { listen }, b: { listen: "udp://127.0.0.1:0", upstream: "b:1" } };
    const { warnings, limits } = resolveConfig({ limits: { udpSessions: 2 ** 20 }, listeners });
    expect(limits.udpSessions).to.equal(2 ** 20);
    expect(limits.sessions).to.be.greaterThan(100);
    const told = warnings.filter((each) => each.startsWith("limits.udpSessions: "));
    if (process.platform === "linux") expect(told).to.have.length(1);
  });

  it("refuses a timeout beyond what a timer can wait", async () => {
    expect((await refusal({ timeouts: { idle: "30d" }, listeners: { a: { listen } } })).message).to.contain(
      "timeouts.idle: expected at most 24 days",
    );
  });

  it("checks name servers, pinned names and providers", async () => {
    const error = await refusal({
      dns: { servers: ["8.8.8.8:53", "dns.example"], hosts: { a: ["nowhere"], b: [] } },
      providers: [{ token: "x", useValue: 1 }, { token: "y" }],
      listeners: { a: { listen } },
    });
    for (const path of ["dns.servers[1]", "dns.hosts.a[0]", "dns.hosts.b", "providers[1]"])
      expect(error.message).to.contain(`${path}: expected`);
    const { dns } = resolveConfig({ dns: { servers: ["::1", "[::1]:53"], hosts: { "Db.Local": ["::1"] } }, listeners: { a: { listen } } });
    expect(dns.servers).to.deep.equal(["::1", "[::1]:53"]);
    expect(dns.hosts.get("db.local")).to.deep.equal(["::1"]);
  });
});
