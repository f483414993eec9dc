import { expect } from "chai";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginUse } from "sluice";
import { record, startProxy, startUpstream, type TestProxy, type TestUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/real-peer.ts";

type Use = Parameters<typeof record>[0];

describe("record()", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  let folder: string;
  let file: string;
  let upstream: TestUpstream;
  beforeEach(async () => {
    folder = temporaryFolder(cleanup);
    file = join(folder, "talk.yaml");
    upstream = cleanup.keep(await startUpstream("echo"));
  });
  afterEach(() => cleanup.run());

  const proxyWith = async (plugins: PluginUse[], more: object = {}): Promise<TestProxy> =>
    cleanup.keep(await startProxy({ upstream: upstream.address, plugins, ...more }));

  /** One session for each text, with a proxy of their own. */
  const run = async (use: Omit<Use, "file">, ...texts: readonly string[]): Promise<TestProxy> => {
    const proxy = await proxyWith([record({ file, ...use })]);
    for (const text of texts) {
      const client = cleanup.keep(await proxy.connect());
      client.end(text);
      expect(String(await client.readAll())).to.equal(text);
      await proxy.nextRecord();
    }
    await proxy.close();
    return proxy;
  };
  const said = (): string[] =>
    [...readFileSync(file, "utf8").matchAll(/from: client\n +at: .*\n +text: "(.*)"/g)].map(([, text = ""]) => text);

  it("records nothing with mode: none", async () => {
    await run({ mode: "none" }, "a");
    expect(existsSync(file)).to.equal(false);
  });

  it("records all sessions with mode: once, and none if the file exists", async () => {
    await run({}, "a", "b");
    await run({ mode: "once" }, "c");
    expect(said()).to.deep.equal(["a", "b"]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(["talk.yaml"]);
  });

  it("begins again with mode: all", async () => {
    await run({}, "a");
    await run({ mode: "all" }, "b", "b");
    expect(said()).to.deep.equal(["b", "b"]);
  });

  it("adds new sessions once with mode: new, and does not change existing entries", async () => {
    writeFileSync(
      file,
      '# by hand\nsluice: recording/1\ntransport: tcp\nexchange:\n  - from: client\n    at: 0ms\n    text: "a"\n  - { from: upstream, text: "other" }\n',
    );
    await run({ mode: "new" }, "a", "b", "b", "c");
    await run({ mode: "new" }, "a", "b", "c");
    expect(said()).to.deep.equal(["a", "b", "c"]);
    expect(readFileSync(file, "utf8"))
      .to.match(/^# by hand\n/)
      .and.include("  - session: 2\n")
      .and.include("  - session: 3\n");
  });

  it("records how a session was broken off", async () => {
    const breaking = cleanup.keep(await startUpstream((socket) => socket.once("data", () => socket.resetAndDestroy())));
    const proxy = await proxyWith([record({ file })], { upstream: breaking.address });
    const client = cleanup.keep(await proxy.connect());
    void client.write("x").catch(() => undefined);
    await proxy.nextRecord();
    const leaving = cleanup.keep(await proxy.connect());
    leaving.reset();
    await proxy.close();
    expect(readFileSync(file, "utf8")).to.match(/- close: upstream\n +at: .*\n +how: reset\n/);
  });

  it("does not record values that are excluded by name or by expression", async () => {
    await run({ redact: ["pin", /\d{4}-\d{4}/] }, "pin=77&card=1234-5678&token=abc");
    expect(said()).to.deep.equal(["pin=[redacted]&card=[redacted]&token=[redacted]"]);
    expect(readFileSync(file, "utf8")).to.include("redacted:\n  - pin\n");
    file = join(folder, "open.yaml");
    await run({ redact: false }, "token=abc");
    expect(said()).to.deep.equal(["token=abc"]);
  });

  it("leaves out a session that an expression searches too long, says so once, and records again after a while", async () => {
    const proxy = await proxyWith([record({ file, mode: "all", redact: [/(a+)+$/] })]);
    const session = async (text: string): Promise<void> => {
      const client = cleanup.keep(await proxy.connect());
      client.end(text);
      expect(String(await client.readAll())).to.equal(text);
      await proxy.nextRecord();
    };
    await session(`${"a".repeat(60)}!`);
    await eventually(async () => {
      await session("b");
      expect(existsSync(file) && said()).to.include("b");
    });
    expect(readFileSync(file, "utf8")).to.not.include("aaa");
    expect(proxy.log.filter(({ msg }) => String(msg).startsWith("not recorded: an expression"))).to.have.lengthOf(1);
  });

  it("has limits, counts what exceeds them, and continues to record what fits", async () => {
    const proxy = await run({ mode: "all", limits: { size: "1KiB", sessions: 2 } }, "x".repeat(2_000), "a", "b", "c");
    expect(said()).to.deep.equal(["a", "b"]);
    expect(proxy.records.map(({ reason }) => reason)).to.deep.equal(["closed", "closed", "closed", "closed"]);
    expect(proxy.log.filter(({ msg }) => String(msg).startsWith("not recorded:"))).to.have.lengthOf(2);
  });

  it("harms no session when the disk is full, and reports this", async function () {
    if (!existsSync("/dev/full")) this.skip();
    file = "/dev/full";
    const proxy = await run({ mode: "all" }, "a", "b");
    expect(proxy.records.map(({ reason }) => reason)).to.deep.equal(["closed", "closed"]);
    const told = proxy.log.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith("the recording cannot be written"));
    expect(told, "once, not for each session").to.have.lengthOf(1);
    expect(told[0]).to.include("ENOSPC");
    expect(statSync("/dev/full").isCharacterDevice()).to.equal(true);
  });

  it("refuses a file that is not a recording, with the place in the file, and a file that cannot be extended", async () => {
    for (const [text, place] of [
      ["sluice: recording/1\ntransport: tcp\nexchange:\n- from: client\n  text: [\n", "talk.yaml:"],
      ["sluice: recording/1\ntransport: udp\nexchange:\n", "recorded over udp"],
      ["sluice: recording/1\ntransport: tcp\nexchange: []\n", "let exchange be its last part"],
    ] as const) {
      writeFileSync(file, text);
      const refused = await startProxy({ upstream: upstream.address, plugins: [record({ file, mode: "new" })] }).then(
        () => "started",
        String,
      );
      expect(refused).to.include("SLUICE_RECORDING_INVALID").and.include(place);
      expect(readFileSync(file, "utf8")).to.equal(text);
    }
  });

  it("uses one file for listeners of the same kind, and is refused for other listeners", async () => {
    mkdirSync(join(folder, "deep"));
    file = join(folder, "deep", "talk.yaml");
    const listener = (mode: "all" | "new", listen = "tcp://127.0.0.1:0") => ({
      listen,
      upstream: upstream.address,
      plugins: [record({ file, mode })],
    });
    const proxy = cleanup.keep(await startProxy({ listeners: { one: listener("all"), two: listener("all") } }));
    for (const name of ["one", "two"]) {
      const client = cleanup.keep(await proxy.connect(name));
      client.end(name);
      await client.readAll();
      await proxy.nextRecord();
    }
    await proxy.close();
    expect(said()).to.deep.equal(["one", "two"]);
    for (const other of [listener("new"), listener("all", "udp://127.0.0.1:0")]) {
      const refused = await startProxy({ listeners: { one: listener("all"), two: other } }).then(() => "started", String);
      expect(refused).to.include('one/record with mode "all" over tcp');
    }
  });

  it("continues after a reload with open sessions, and records each of them completely", async () => {
    const proxy = await proxyWith([record({ file })]);
    const client = cleanup.keep(await proxy.connect());
    await client.write("a");
    await client.read(1);
    await proxy.apply({ upstream: upstream.address, plugins: [record({ file, redact: ["pin"] })] });
    client.end("b");
    expect(String(await client.readAll())).to.equal("b");
    await proxy.nextRecord();
    await proxy.close();
    expect(said()).to.deep.equal(["a", "b"]);
    expect(readFileSync(file, "utf8")).to.not.include("session: 2");
  });
});
