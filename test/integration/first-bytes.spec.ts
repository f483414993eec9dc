import { expect } from "chai";
import { concatMap, from, map } from "rxjs";
import type { FirstBytes, FirstBytesBounds, FirstBytesEnd, FunctionPlugin, PluginUse, Session } from "sluice";
import { byToken } from "../../docs/examples/by-token.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";
import { tlsTermination } from "sluice/plugins";

type Reader = (bytes: Buffer, end: FirstBytesEnd | undefined) => FirstBytes<unknown> | undefined;

/** The hooks of a plugin that reads first, and does something with what it found. */
const hooks = (
  reader: Reader,
  bounds?: FirstBytesBounds,
  then: (session: Session, value: unknown) => void = () => undefined,
): FunctionPlugin => ({
  admit: (arrival) =>
    arrival.pipe(concatMap((session) => from(session.readFirst(reader, bounds)).pipe(map((value) => (then(session, value), session))))),
});

const reading = (...given: Parameters<typeof hooks>): PluginUse => plugin("reading", hooks(...given));

const take =
  (count: number): Reader =>
  (bytes) =>
    bytes.length < count ? undefined : { taken: count, value: String(bytes.subarray(0, count)) };

describe("the first bytes of a session", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const open = async (port: number): Promise<Awaited<ReturnType<typeof connect>>> => cleanup.keep(await connect(port));

  it("are read by several plugins one after the other, and each consumes its own part", async () => {
    const seen: unknown[] = [];
    const note = (_session: Session, value: unknown): void => void seen.push(value);
    const { port } = await startForward(cleanup, "echo", { plugins: [reading(take(3), {}, note), reading(take(2), {}, note)] });
    for (const parts of [["onetwo3"], ["on", "et", "w", "o", "3"]]) {
      const socket = await open(port());
      for (const part of parts) {
        socket.write(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
      expect(String(await readAll(socket))).to.equal("o3");
    }
    expect(seen).to.deep.equal(["one", "tw", "one", "tw"]);
  });

  it("all reach the upstream if the reader only looks at them, in order, with the bytes that came meanwhile", async () => {
    const bulk = Buffer.from(Uint8Array.from({ length: 2_000_000 }, (_, at) => (at * 7) & 0xff));
    const look = reading((bytes) => (bytes.length < 10 ? undefined : { taken: 0, value: undefined }));
    const { port } = await startForward(cleanup, "echo", { plugins: [look, look] });
    const socket = await open(port());
    socket.end(bulk);
    expect((await readAll(socket)).equals(bulk)).to.equal(true);
  });

  it("may be answered before the upstream is open, as by-token does", async () => {
    const { port, ended } = await startForward(cleanup, "echo", { plugins: [byToken({ token: "sesame" })] });
    const socket = await open(port());
    expect(await exchange(socket, "sesame\n", 8)).to.equal("welcome\n");
    expect(await exchange(socket, "hello")).to.equal("hello");
    const stranger = await open(port());
    stranger.write("guess\n");
    expect(String(await readAll(stranger))).to.equal("");
    expect((await ended("SLUICE_CLIENT_REJECTED")).phase).to.equal("admit");
  });

  for (const [why, bounds, act] of [
    ["size", { max: 8 }, (socket) => socket.write("12345678")],
    ["time", { timeout: 50 }, (socket) => socket.write("1")],
    ["end", {}, (socket) => socket.end("123")],
  ] as const satisfies readonly (readonly [FirstBytesEnd, FirstBytesBounds, (socket: Awaited<ReturnType<typeof connect>>) => void])[]) {
    it(`may be decided by the bytes that came when no more will come (${why})`, async () => {
      const ends: unknown[] = [];
      const decide = reading((_bytes, end) => (end === undefined ? undefined : (ends.push(end), { taken: 1, value: undefined })), bounds);
      const { port } = await startForward(cleanup, "echo", { plugins: [decide] });
      const socket = await open(port());
      act(socket);
      await eventually(() => expect(ends).to.deep.equal([why]));
      socket.end();
      expect(String(await readAll(socket))).to.equal({ size: "2345678", time: "", end: "23" }[why]);
    });

    it(`end the session with one code if no reader decides (${why})`, async () => {
      const { port, ended, upstream } = await startForward(cleanup, "echo", { plugins: [reading(() => undefined, bounds)] });
      const socket = await open(port());
      act(socket);
      expect(String(await readAll(socket))).to.equal("");
      expect((await ended()).reason).to.equal(why === "time" ? "SLUICE_CLIENT_TIMEOUT" : "SLUICE_CLIENT_PROTOCOL");
      expect(upstream.connections).to.equal(0);
    });
  }

  it("are left to the other plugins, with onError bypass, if a plugin's reader throws", async () => {
    const broken: Reader = () => {
      throw new Error("broken");
    };
    const { port, event } = await startForward(cleanup, "echo", { plugins: [plugin("broken", hooks(broken), { onError: "bypass" })] });
    const socket = await open(port());
    expect(await exchange(socket, "hello")).to.equal("hello");
    expect((await event("plugin-fault")).error.message).to.include("broken");
  });

  it("are the decrypted bytes behind tlsTermination", async () => {
    const certificate = await createCertificate("localhost");
    for (const transport of ["tcp", "tls"]) {
      const { port } = await startForward(cleanup, "echo", {
        plugins: [tlsTermination(certificate), reading(take(3))],
        listener: { listen: `${transport}://127.0.0.1:0` },
      });
      const socket = await connectSecurely(port(), { rejectUnauthorized: false });
      socket.write("onetwo");
      expect(String(await readBytes(socket, 3))).to.equal("two");
      expect(await exchange(socket, "three")).to.equal("three");
      socket.destroy();
    }
  });

  it("are the bytes of the ClientHello if the plugin says beforeTls", async () => {
    const certificate = await createCertificate("localhost");
    const seen: unknown[] = [];
    const before = plugin("before", {
      beforeTls: true,
      admit: (arrival, session) =>
        arrival.pipe(
          concatMap(() => session.readFirst((bytes) => ({ taken: 0, value: bytes[0] }))),
          map((first) => (seen.push(first, session.tls), session)),
        ),
    });
    const { port } = await startForward(cleanup, "echo", {
      plugins: [before, tlsTermination(certificate)],
      listener: { listen: "tls://127.0.0.1:0" },
    });
    const socket = await connectSecurely(port(), { rejectUnauthorized: false });
    expect(await exchange(socket, "hello")).to.equal("hello");
    expect(seen).to.deep.equal([22, undefined]);
    socket.destroy();
  });

  it("are single datagrams on a UDP listener, and the datagram that decides is shortened", async () => {
    const echo = cleanup.keep(await startUdpEcho());
    const seen: string[] = [];
    const third = reading((bytes) => (seen.push(String(bytes)), seen.length < 3 ? undefined : { taken: 2, value: undefined }));
    const { port, proxy } = await startProxy({
      listeners: { web: { listen: "udp://127.0.0.1:0", upstream: echo.endpoint, plugins: [third] } },
    });
    cleanup.add(() => proxy.close());
    const client = await startUdpClient(cleanup, port());
    for (const text of ["one", "two", "three", "four"]) client.send(text);
    await eventually(() => expect(client.received.map(String)).to.deep.equal(["one", "two", "ree", "four"]));
    expect(seen).to.deep.equal(["one", "two", "three"]);
  });

  it("cannot be read twice at once, nor once the upstream is open", async () => {
    const errors: unknown[] = [];
    const kept: Session[] = [];
    const twice = plugin("twice", {
      admit: (arrival) =>
        arrival.pipe(
          concatMap(async (session) => {
            kept.push(session);
            const first = session.readFirst(take(1));
            await session.readFirst(take(1)).catch((error: unknown) => errors.push(String(error)));
            await first;
            return session;
          }),
        ),
    });
    const { port } = await startForward(cleanup, "echo", { plugins: [twice] });
    const socket = await open(port());
    socket.write("xhello");
    expect(String(await readBytes(socket, 5))).to.equal("hello");
    await kept[0]?.readFirst(take(1)).catch((error: unknown) => errors.push(String(error)));
    kept[0]?.reply(Buffer.from("too late"));
    expect(errors.map((error) => /another one reads|belongs into the admit hook/.exec(String(error))?.[0])).to.deep.equal([
      "another one reads",
      "belongs into the admit hook",
    ]);
    expect(await exchange(socket, "again")).to.equal("again");
  });
});
