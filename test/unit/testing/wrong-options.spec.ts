import { expect } from "chai";
import { definePlugin, type PluginUse } from "sluice";
import {
  compliance,
  connectTo,
  marbles,
  startProxy,
  startUpstream,
  testPlugin,
  virtualClock,
  type TestClient,
  type TestProxy,
  type TestUpstream,
} from "sluice/testing";
import { createCleanup } from "../../support/cleanup.ts";
import { refusalOf } from "../../support/rejection.ts";

const pass = definePlugin("pass", () => ({ fromClient: (data) => data }));
const runner = { describe: (_name: string, define: () => void) => define(), it: () => undefined };

/** As a program without types calls it. */
const untyped = (options: object): never => options as never;

describe("An option that a function of the kit does not have", () => {
  const cleanup = createCleanup();
  let upstream: TestUpstream;
  let proxy: TestProxy;
  let client: TestClient;

  before(async () => {
    upstream = cleanup.keep(await startUpstream("echo"));
    proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
    client = await proxy.connect();
  });

  after(() => cleanup.run());

  const calls: Readonly<Record<string, () => unknown>> = {
    'startUpstream(kind, options): there is no "transprot", did you mean "transport"?': () =>
      startUpstream("echo", untyped({ transprot: "udp" })),
    'startUpstream(kind, options): expected { transport, port, every, respond, keep }, got "udp"': () =>
      startUpstream("echo", untyped("udp" as never)),
    "startUpstream: keep: expected a size": () => startUpstream("discard", { keep: "much" }),
    'connectTo(url, options): there is no "timeot", did you mean "timeout"?': () => connectTo(proxy.url(), untyped({ timeot: 5 })),
    "connectTo(url, options): timeout: expected a duration": () => connectTo(proxy.url(), { timeout: "soon" }),
    'connectTo(url, options): there is no "unred", did you mean "unread"?': () => proxy.connect("main", untyped({ unred: 5 })),
    'read(bytes, options): there is no "timeot", did you mean "timeout"?': () => client.read(1, untyped({ timeot: 5 })),
    'read(bytes): expected a whole number of bytes, got "5"': () => client.read("5" as never),
    "read(bytes): expected a whole number of bytes, got -1": () => client.read(-1),
    "readUntil(text): expected at least 1 byte": () => client.readUntil(""),
    'virtualClock(options): there is no "begin"': () => virtualClock(untyped({ begin: 5 })),
    "virtualClock(options): start must be milliseconds or a date, got soon": () => virtualClock({ start: "soon" as never }),
    "readAll(options): timeout: expected a duration": () => client.readAll({ timeout: Number.POSITIVE_INFINITY }),
    'nextRecord(options): there is no "wait"': () => proxy.nextRecord(untyped({ wait: 5 })),
    'close(options): there is no "strct", did you mean "strict"?': () => proxy.close(untyped({ strct: true })),
    'testPlugin(factory, cases, options): there is no "bordrs", did you mean "borders"?': () =>
      testPlugin(pass, { passes: ["a"] }, untyped({ ...runner, bordrs: "matter" })),
    'testPlugin(factory, cases, options): borders: expected "matter" or nothing, got "mater"': () =>
      testPlugin(pass, { passes: ["a"] }, { ...runner, borders: "mater" as never }),
    'compliance(make, options): there is no "border", did you mean "borders"?': () =>
      compliance((): PluginUse => pass(), untyped({ border: "matter" })),
    'compliance(make, options): borders: expected "matter" or nothing, got true': () =>
      compliance(() => pass(), { borders: true as never }),
    'marbles(use, test, options): there is no "provider", did you mean "providers"?': () =>
      marbles(pass(), () => undefined, untyped({ provider: [] })),
  };

  for (const [message, call] of Object.entries(calls))
    it(`is refused: ${message}`, async () => {
      const { code, detail } = await refusalOf(call);
      expect(code).to.equal("SLUICE_TEST_INVALID");
      expect(detail).to.include(message);
    });

  it("is ignored by close() and testPlugin() if it comes from a test runner, which may be passed as it is", async () => {
    const started = cleanup.keep(await startProxy({ upstream: upstream.address }));
    await started.close(untyped({ task: {}, skip: () => undefined, signal: undefined }));
    testPlugin(pass, { passes: ["a"] }, untyped({ ...runner, test: runner.it, before, after, only: true }));
  });
});

describe("The options of one listener for startProxy", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("may have a queue behind its limit, beside limits of the whole proxy", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const limits = { sessions: 1, queue: { max: 1 }, sessionsPerClient: 5 };
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address, limits }));
    const first = await proxy.connect();
    await first.write("a");
    expect(String(await first.read(1))).to.equal("a");
    const second = await proxy.connect();
    await second.write("b");
    first.end();
    expect(String(await second.read(1, { timeout: "10s" }))).to.equal("b");
  });

  it("may have options of the whole config: shutdown, workers", async () => {
    const proxy = cleanup.keep(await startProxy({ upstream: "127.0.0.1:9", shutdown: { delay: "1s" }, workers: 1 }));
    expect(proxy.port()).to.be.greaterThan(0);
  });
});
