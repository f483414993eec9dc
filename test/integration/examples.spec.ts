import { expect } from "chai";
import { once } from "node:events";
import { createServer } from "node:tls";
import { VirtualTimeScheduler } from "rxjs";
import { CLOCK, type PluginUse, type SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import type { UpstreamKind } from "sluice/testing";
import { allow } from "../../docs/examples/allow.ts";
import { byServerName } from "../../docs/examples/by-server-name.ts";
import { daytime } from "../../docs/examples/daytime.ts";
import { gather } from "../../docs/examples/gather.ts";
import { heartbeat } from "../../docs/examples/heartbeat.ts";
import { lines } from "../../docs/examples/lines.ts";
import { loudLines } from "../../docs/examples/loud-lines.ts";
import { pin } from "../../docs/examples/pin.ts";
import { quota } from "../../docs/examples/quota.ts";
import { redact } from "../../docs/examples/redact.ts";
import { redactByHand } from "../../docs/examples/redact-by-hand.ts";
import { scan, SCANNER } from "../../docs/examples/scan.ts";
import { secure } from "../../docs/examples/secure.ts";
import { calibrate } from "../../docs/examples/sensor.ts";
import { shout } from "../../docs/examples/shout.ts";
import { sorry } from "../../docs/examples/sorry.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely, exchange, exchangeOnce } from "../support/exchange.ts";
import { eventually } from "../support/eventually.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { closeOf, connect, portOf, readAll, readBytes } from "../support/sockets.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

describe("The example plugins", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const forward = (behave: UpstreamKind, plugins: readonly PluginUse[], more: Partial<SluiceConfig> = {}): Promise<Forward> =>
    startForward(cleanup, behave, { ...more, plugins });

  /** A listener whose plugins need no upstream. */
  async function alone(plugins: readonly PluginUse[], more: Partial<SluiceConfig> = {}): Promise<TestProxy> {
    return cleanup.keep(await startProxy({ ...more, listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }));
  }

  it("shout answers in capitals, with its suffix at the end of every line, whatever the chunks are", async () => {
    const { port } = await alone([shout({ suffix: "é!" }), echo()]);
    const socket = cleanup.keep(await connect(port()));
    const expected = Buffer.from("GRÜß é!\nX");
    for (const byte of Buffer.from("grÜß \nx")) {
      socket.write(Buffer.of(byte));
      // One byte at a time, so that characters are cut.
      await new Promise(setImmediate);
    }
    expect(String(await readBytes(socket, expected.length))).to.equal(String(expected));
  });

  it("loudLines removes comments, and calibrate corrects the values of a sensor", async () => {
    const loud = await forward("echo", [loudLines()]);
    expect(await exchangeOnce(loud.port(), "a\n# b\nc\n", 4)).to.equal("A\nC\n");
    const sensor = await forward("echo", [calibrate({ offset: -0.5 })]);
    const socket = cleanup.keep(await connect(sensor.port()));
    socket.write(Buffer.from([1, 0, 2, 0, 215]));
    expect(await readBytes(socket, 5)).to.deep.equal(Buffer.from([1, 0, 2, 0, 210]));
  });

  for (const [name, make] of Object.entries({ redact, redactByHand }))
    it(`${name} masks a long number wherever it is split, over a reload and at the end, and keeps short ones`, async () => {
      const { port, proxy, config } = await forward("echo", [make({ digits: 4 })]);
      const socket = cleanup.keep(await connect(port()));
      expect(await exchange(socket, "pin 12", 4)).to.equal("pin ");
      await proxy.apply(config([make({ digits: 5 })]));
      expect(await exchange(socket, "34567, 123, 9", 14)).to.equal("*******, 123, ");
      socket.end("87654");
      expect(String(await readAll(socket))).to.equal("******");
    });

  it("allow lets the listed clients in, and no other", async () => {
    const { port } = await alone([allow({ clients: ["127.0.0.1"] }), echo()]);
    expect(await exchangeOnce(port(), "in")).to.equal("in");
    const strict = await alone([allow({ clients: ["192.0.2.1"] }), echo()]);
    expect(await readAll(await connect(strict.port()))).to.have.lengthOf(0);
    expect((await strict.ended()).reason).to.equal("SLUICE_CLIENT_REJECTED");
  });

  it("quota ends a session that exceeds it, counted over all sessions of a client, and starts again with the next window", async () => {
    const clock = new VirtualTimeScheduler(undefined, 0);
    const { port, ended, proxy, config } = await forward("echo", [quota({ bytes: 6, per: "1m" })], {
      providers: [{ token: CLOCK, useValue: clock }],
    });
    expect(await exchangeOnce(port(), "four")).to.equal("four");
    const socket = await connect(port());
    socket.write("more");
    expect(await closeOf(socket)).to.equal("ECONNRESET");
    expect((await ended("QUOTA_EXCEEDED")).fromUpstream.bytes).to.equal(4);
    // A new instance, which inherits what was counted.
    await proxy.apply(config([quota({ bytes: 7, per: "1m" })]));
    expect(await exchangeOnce(port(), "123")).to.equal("123");
    const over = await connect(port());
    over.write("4");
    expect(await closeOf(over)).to.equal("ECONNRESET");
    clock.maxFrames = 60_000;
    clock.flush();
    expect(await exchangeOnce(port(), "again")).to.equal("again");
  });

  it("by-server-name routes TLS by its SNI, and the client sees that server's own certificate", async () => {
    const made = await createCertificate("b.test");
    const server = createServer(made, (socket) => void socket.on("error", () => undefined).end("this is b"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanup.add(() => void server.close());
    const use = byServerName({ routes: { "b.test": `127.0.0.1:${portOf(server)}` } });
    const { port } = await startForward(cleanup, "garbage", { listener: { listen: "tls://127.0.0.1:0" }, plugins: [use] });
    const socket = await connectSecurely(port(), { servername: "b.test", ca: made.cert });
    expect(String(await readAll(socket))).to.equal("this is b");
    const other = await connectSecurely(port(), { servername: "a.test", ca: made.cert }).catch((error: unknown) => String(error));
    expect(other).to.be.a("string");
  });

  for (const transport of ["tls", "tcp"]) {
    it(`secure terminates TLS on a ${transport} listener, and its hooks see the decrypted bytes`, async () => {
      const made = await createCertificate("localhost");
      const plugins = [secure({ cert: made.cert, key: made.key }), shout(), echo()];
      const { port, proxy } = await startForward(cleanup, "refuse", { listener: { listen: `${transport}://127.0.0.1:0` }, plugins });
      const socket = cleanup.keep(await connectSecurely(port(), { servername: "localhost", ca: made.cert }));
      expect(await exchange(socket, "hello")).to.equal("HELLO");
      expect([...proxy.sessions][0]?.tls?.version).to.equal("TLSv1.3");
    });
  }

  it("pin answers for a name that no server knows", async () => {
    const { port } = await startForward(cleanup, "echo", {}).then(async ({ upstream }) =>
      startForward(cleanup, "refuse", {
        listener: { upstream: `api.test:${upstream.port}` },
        plugins: [pin({ names: { "api.test": "127.0.0.1" } })],
      }),
    );
    expect(await exchangeOnce(port(), "found")).to.equal("found");
  });

  it("daytime sends the time of its clock, and closes", async () => {
    const clock = new VirtualTimeScheduler(undefined, 0);
    const { port } = await alone([daytime()], { providers: [{ token: CLOCK, useValue: clock }] });
    expect(String(await readAll(await connect(port())))).to.equal("1970-01-01T00:00:00.000Z\n");
  });

  it("sorry answers instead of an upstream that refuses, and does nothing while the upstream works", async () => {
    const down = await forward("refuse", [sorry({ text: "later" })]);
    expect(String(await readAll(await connect(down.port())))).to.equal("later");
    const up = await forward("echo", [sorry({ text: "later" })]);
    expect(await exchangeOnce(up.port(), "now")).to.equal("now");
  });

  it("heartbeat sends in virtual time, between the bytes of the upstream", async () => {
    const clock = new VirtualTimeScheduler(undefined, 0);
    const { port, proxy } = await forward("echo", [heartbeat({ every: "15s", text: "." })], {
      providers: [{ token: CLOCK, useValue: clock }],
    });
    const socket = cleanup.keep(await connect(port()));
    expect(await exchange(socket, "a")).to.equal("a");
    clock.maxFrames = 30_000;
    clock.flush();
    expect(String(await readBytes(socket, 2))).to.equal("..");
    expect(await exchange(socket, "b")).to.equal("b");
    expect(proxy.sessions.size).to.equal(1);
  });

  it("gather sends small chunks on as one chunk, when its time is over or the client has finished", async () => {
    const seen: number[] = [];
    const watch = plugin("watch", {
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            seen.push(chunk.length);
            return chunk;
          }),
        ),
    });
    const clock = new VirtualTimeScheduler(undefined, 0);
    const { port, proxy } = await forward("echo", [gather({ bytes: 100, wait: 10 }), watch], {
      providers: [{ token: CLOCK, useValue: clock }],
    });
    const socket = await connect(port());
    for (const text of ["a", "b", "c"]) {
      socket.write(text);
      const sent = [...proxy.sessions][0];
      await eventually(() => expect(([...proxy.sessions][0] ?? sent)?.fromClient.bytes).to.equal("abc".indexOf(text) + 1));
    }
    expect(seen).to.deep.equal([]);
    clock.maxFrames = 10;
    clock.flush();
    expect(String(await readBytes(socket, 3))).to.equal("abc");
    socket.end("de");
    expect(String(await readAll(socket))).to.equal("de");
    expect(seen).to.deep.equal([3, 2]);
  });

  it("gather passes the bytes that it holds to the operators that replace it", async () => {
    const clock = new VirtualTimeScheduler(undefined, 0);
    const { port, proxy, config } = await forward("echo", [gather({ bytes: 100, wait: 10 })], {
      providers: [{ token: CLOCK, useValue: clock }],
    });
    const socket = cleanup.keep(await connect(port()));
    socket.write("held");
    await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(4));
    await proxy.apply(config([]));
    expect(String(await readBytes(socket, 4))).to.equal("held");
    expect(await exchange(socket, "on")).to.equal("on");
  });

  it("scan drops chunks that its scanner rejects, in order, and the config chooses the scanner", async () => {
    const scanner = { isClean: async (chunk: Buffer): Promise<boolean> => !chunk.includes("bad") };
    const { port, proxy } = await forward("echo", [scan()], { providers: [{ token: SCANNER, useValue: scanner }] });
    const socket = cleanup.keep(await connect(port()));
    expect(await exchange(socket, "good")).to.equal("good");
    socket.write("bad");
    await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(7));
    expect(await exchange(socket, "fine")).to.equal("fine");
  });

  it("lines makes each line a chunk for the plugins behind it", async () => {
    const seen: string[] = [];
    const watch = plugin("watch", {
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            seen.push(String(chunk));
            return chunk;
          }),
        ),
    });
    const { port } = await forward("echo", [lines(), watch]);
    const socket = await connect(port());
    for (const byte of "one\ntwo\nth") socket.write(byte);
    socket.end();
    expect(String(await readAll(socket))).to.equal("one\ntwo\nth");
    expect(seen).to.deep.equal(["one\n", "two\n", "th"]);
  });
});
