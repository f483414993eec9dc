import { expect } from "chai";
import { createProxy, LOGGER, type PluginUse, type Proxy } from "sluice";
import { echo, logging } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { recordLog, type RecordedLog } from "../support/recorded-log.ts";
import { closeOf, connect, freePort } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

describe("logging", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(use: PluginUse, upstream: string | undefined, log: RecordedLog): Promise<{ proxy: Proxy; port: number }> {
    const listener = { listen: "tcp://127.0.0.1:0", plugins: [use, ...(upstream === undefined ? [echo()] : [])] };
    const proxy = await createProxy(
      { listeners: { web: upstream === undefined ? listener : { ...listener, upstream } } },
      { logger: log.logger },
    );
    cleanup.add(() => proxy.close());
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0 };
  }

  it("writes one JSON line when a session ends, with exactly the documented fields", async () => {
    await withEchoServer(async ({ endpoint }) => {
      const log = recordLog("info");
      const { port } = await start(logging(), endpoint, log);
      const socket = await connect(port);
      const { localPort } = socket;
      expect(await exchange(socket, "hello")).to.equal("hello");
      socket.end();
      await closeOf(socket);
      await eventually(() => expect(log.of("session ended")).to.have.length(1));
      const [{ time, durationMs, session, ...record } = {}] = log.of("session ended");
      expect(record).to.deep.equal({
        level: 30,
        listener: "web",
        plugin: "logging",
        transport: "tcp",
        client: `127.0.0.1:${localPort}`,
        upstream: endpoint,
        generation: 1,
        reason: "closed",
        fromClient: { bytes: 5, chunks: 1 },
        fromUpstream: { bytes: 5, chunks: 1 },
        msg: "session ended",
      });
      expect(session).to.be.a("number");
      expect(durationMs).to.be.a("number").and.at.least(0);
      expect(new Date(String(time)).getTime()).to.be.closeTo(Date.now(), 60_000);
      const line = log.lines.find((text) => text.includes("session ended")) ?? "";
      expect(line.match(/"listener"/g), "a key twice is no JSON that every store takes").to.have.length(1);
      expect(line.endsWith("}\n")).to.equal(true);
    });
  });

  it("writes the start of a session at level debug", async () => {
    const log = recordLog("info");
    const { port } = await start(logging({ level: "debug" }), undefined, log);
    const socket = await connect(port);
    await exchange(socket, "x");
    expect(log.of("session started")[0]).to.include({
      level: 20,
      listener: "web",
      transport: "tcp",
      client: `127.0.0.1:${socket.localPort}`,
    });
    socket.destroy();
  });

  it("names the error that ended a session, as its reason and once as a warning", async () => {
    const log = recordLog("info");
    const { port } = await start(logging(), `127.0.0.1:${await freePort()}`, log);
    const socket = await connect(port);
    const client = `127.0.0.1:${socket.localPort}`;
    socket.on("end", () => socket.end());
    await closeOf(socket);
    const found = { listener: "web", client, phase: "connect" };
    await eventually(() => expect(log.of("session ended")[0]).to.include({ ...found, reason: "SLUICE_UPSTREAM_REFUSED" }));
    const failures = log.of("session failed");
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include({ ...found, level: 40, code: "SLUICE_UPSTREAM_REFUSED" });
    expect(failures[0]?.["message"]).to.include("ECONNREFUSED");
    expect(log.of("session ended")[0]).to.not.have.property("upstream");
  });

  it("reports the generation whose hooks a session used at its end", async () => {
    const log = recordLog("info");
    const { proxy, port } = await start(logging(), undefined, log);
    const socket = await connect(port);
    await exchange(socket, "x");
    const next = { listen: "tcp://127.0.0.1:0", plugins: [logging({ chunks: "size" }), echo()] };
    await proxy.apply({ listeners: { web: next } });
    await exchange(socket, "y");
    socket.end();
    await closeOf(socket);
    await eventually(() => expect(log.of("session ended").map(({ generation }) => generation)).to.deep.equal([2]));
    expect(log.of("chunk").map(({ direction, bytes }) => [direction, bytes])).to.deep.include.members([
      ["fromClient", 1],
      ["fromUpstream", 1],
    ]);
  });

  it("shows chunks as text on one line, with no characters that could forge another line", async () => {
    const log = recordLog("info");
    const { port } = await start(logging({ chunks: "text" }), undefined, log);
    const socket = await connect(port);
    const text = 'a\r\n{"msg":"forged"}\u001b[2J';
    await exchange(socket, text);
    const chunks = log.of("chunk");
    expect(chunks).to.have.length(2);
    expect(chunks[0]?.["data"]).to.equal('a\\x0d\\x0a{"msg":"forged"}\\x1b[2J');
    expect(log.of("forged")).to.deep.equal([]);
    socket.destroy();
  });

  it("writes to the LOGGER that the config provides", async () => {
    const log = recordLog("info");
    const proxy = await createProxy(
      {
        providers: [{ token: LOGGER, useValue: log.logger }],
        listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [logging(), echo()] } },
      },
      { logger: createLogger({ level: "silent" }) },
    );
    cleanup.add(() => proxy.close());
    const socket = await connect(proxy.listeners["web"]?.address.port ?? 0);
    await exchange(socket, "x");
    socket.end();
    await closeOf(socket);
    await eventually(() => expect(log.of("session ended")[0]).to.include({ level: 30, listener: "web" }));
  });
});
