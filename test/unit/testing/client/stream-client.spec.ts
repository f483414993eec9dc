import { expect } from "chai";
import type { Socket } from "node:net";
import { connectTo, startUpstream, type TestClient, type TestUpstream } from "sluice/testing";
import { resetSocket } from "../../../../core/net/node/reset-socket.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { refusalOf } from "../../../support/rejection.ts";

const cleanup = createCleanup();

const transports = ["tcp", "tls", "unix"] as const;

for (const transport of transports) {
  describe(`A client over ${transport}`, () => {
    afterEach(() => cleanup.run());

    async function pair(behave: ((socket: Socket) => void) | "echo" | "hang"): Promise<{ client: TestClient; upstream: TestUpstream }> {
      const upstream = cleanup.keep(await startUpstream(behave, { transport }));
      const url = transport === "unix" ? upstream.endpoint.replace("unix:", "unix://") : `${transport}://${upstream.endpoint}`;
      const client = await connectTo(url, { timeout: 1_000 });
      cleanup.add(() => void client[Symbol.asyncDispose]());
      return { client, upstream };
    }

    it("reads the given number of bytes, and leaves the rest for the next read", async () => {
      const { client } = await pair("echo");
      await client.write("one two;three|");
      await client.write(Buffer.from("four"));
      expect(String(await client.read(3))).to.equal("one");
      expect(String(await client.readUntil(";"))).to.equal(" two;");
      expect(String(await client.readUntil(Buffer.from("|")))).to.equal("three|");
      client.end(new Uint8Array([33]));
      expect(String(await client.readAll())).to.equal("four!");
      expect(await client.ended).to.equal("fin");
      expect(await client.closed).to.equal("fin");
    });

    it("shows the bytes so far when a wait times out, in hex and text, and keeps them for the next read", async () => {
      const { client } = await pair("echo");
      await client.write("abc\u0000");
      const error = await refusalOf(client.read(5, { timeout: 50 }));
      expect(error.code).to.equal("SLUICE_TEST_TIMEOUT");
      expect(error.message).to.include("50 ms").and.include("5 bytes").and.include("61 62 63 00").and.include("abc.");
      expect(String(await client.read(3))).to.equal("abc");
      expect((await refusalOf(client.readUntil("x", { timeout: 20 }))).message).to.include("00");
      expect((await refusalOf(client.readAll({ timeout: 20 }))).code).to.equal("SLUICE_TEST_TIMEOUT");
    });

    it("reports that the peer finished before the expected bytes had come", async () => {
      const { client } = await pair((socket) => void socket.end("short"));
      const error = await refusalOf(client.read(10));
      expect(error.code).to.equal("SLUICE_TEST_ENDED");
      expect(error.message).to.include("finished").and.include("73 68 6f 72 74");
      expect(String(await client.readAll())).to.equal("short");
    });

    it("is closed only after its own end, too", async () => {
      const { client } = await pair((socket) => void socket.resume().end());
      expect(await client.ended).to.equal("fin");
      const patient = client.closed.catch((error: unknown) => String(error));
      expect(await patient).to.include("this side has not: call end()");
      client.end();
      expect(await client.closed).to.equal("fin");
    });

    it("refuses data that is not bytes, and the methods for datagrams", async () => {
      const { client } = await pair("echo");
      expect((await refusalOf(() => client.write(5 as never))).message).to.include("write(data): expected bytes, got a number");
      expect((await refusalOf(client.send("x"))).message).to.include("use write()");
      expect((await refusalOf(client.receive())).code).to.equal("SLUICE_TEST_INVALID");
    });

    it("stops reading at the limit of unread bytes, and continues when they are read", async () => {
      const upstream = cleanup.keep(await startUpstream((socket) => void socket.end(Buffer.alloc(8 * 1024 * 1024, "x")), { transport }));
      const url = transport === "unix" ? upstream.endpoint.replace("unix:", "unix://") : `${transport}://${upstream.endpoint}`;
      const client = await connectTo(url, { unread: 1_000 });
      cleanup.add(() => void client[Symbol.asyncDispose]());
      await client.read(1);
      expect([...upstream.sockets].map((socket) => socket.writableFinished)).to.deep.equal([false]);
      expect(await client.readAll()).to.have.lengthOf(8 * 1024 * 1024 - 1);
    });
  });
}

describe("The ending that a client reports", () => {
  afterEach(() => cleanup.run());

  async function against(behave: (socket: Socket) => void, transport: "tcp" | "tls" = "tcp"): Promise<TestClient> {
    const upstream = cleanup.keep(await startUpstream(behave, { transport }));
    const client = await connectTo(`${transport}://${upstream.endpoint}`);
    cleanup.add(() => void client[Symbol.asyncDispose]());
    return client;
  }

  /** Sends its last bytes and RST in one, so that they are read together. */
  const lastBytesAndReset = (socket: Socket): void =>
    void socket.once("data", () => {
      socket.write("last");
      socket.resetAndDestroy();
    });

  for (const finished of [false, true]) {
    it(`is a reset that comes with the last bytes, ${finished ? "after" : "before"} its own FIN`, async () => {
      const client = await against(lastBytesAndReset);
      if (finished) client.end("go");
      else await client.write("go");
      expect(await client.ended).to.equal("reset");
      expect(await client.closed).to.equal("reset");
      expect((await refusalOf(client.readAll())).message).to.include("reset the connection");
      expect(String(await client.read(4))).to.equal("last");
    });
  }

  it("is a FIN when the peer and this side have both finished, in either order", async () => {
    const first = await against((socket) => void socket.once("end", () => socket.end("bye")).resume());
    first.end("hello");
    expect(String(await first.readAll())).to.equal("bye");
    expect(await first.closed).to.equal("fin");
    const second = await against((socket) => void socket.resume().end("bye"));
    expect(await second.ended).to.equal("fin");
    second.end();
    expect(await second.closed).to.equal("fin");
  });

  for (const transport of ["tcp", "tls"] as const)
    it(`is a reset on both sides when this side resets, over ${transport}`, async () => {
      let told = (_code: string | undefined): void => undefined;
      const seen = new Promise<string | undefined>((resolve) => (told = resolve));
      const client = await against(
        (socket) => void socket.once("error", ({ code }: NodeJS.ErrnoException) => told(code)).pipe(socket),
        transport,
      );
      await client.write("x");
      await client.read(1);
      client.reset();
      expect(await client.closed).to.equal("reset");
      expect(await seen).to.equal("ECONNRESET");
    });

  it("is a reset if the peer resets as soon as it has accepted: the system may report both at once", async () => {
    const client = await against((socket) => void socket.resetAndDestroy());
    expect(await client.ended).to.equal("reset");
    expect(await client.closed).to.equal("reset");
    expect((await refusalOf(client.read(1))).message).to.include("reset the connection");
  });

  it("is a reset over TLS, too", async () => {
    const client = await against((socket) => void socket.once("data", () => resetSocket(socket)), "tls");
    await client.write("x");
    expect(await client.closed).to.equal("reset");
  });
});

describe("connectTo", () => {
  afterEach(() => cleanup.run());

  it("refuses a text that is not a URL, and rejects with the system's error when nothing listens", async () => {
    for (const url of ["ftp://127.0.0.1:1", "127.0.0.1:80", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "unix://relative", "fd://web"]) {
      const error = await refusalOf(connectTo(url));
      expect(error.code).to.equal("SLUICE_TEST_INVALID");
      expect(error.message).to.include(url).and.not.include("Error:");
    }
    expect((await refusalOf(connectTo("tcp://127.0.0.1:0"))).message).to.include("expected the port that is listened on, got 0");
    // Only systemd binds such a socket, and its name leads nowhere.
    expect((await refusalOf(connectTo("fd://web"))).message)
      .to.include('expected "tcp://')
      .and.not.include("fd://NAME");
    const upstream = await startUpstream("refuse");
    const refused = await connectTo(`tcp://${upstream.endpoint}`).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal("ECONNREFUSED");
    await upstream.close();
  });

  it("verifies the certificate if it has a CA", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "tls" }));
    const { tls } = upstream.address as { tls: { ca: string } };
    const client = cleanup.keep(await connectTo(`tls://${upstream.endpoint}`, { tls: { ca: tls.ca } }));
    await client.write("x");
    expect(String(await client.read(1))).to.equal("x");
    const wrong = await connectTo(`tls://${upstream.endpoint}`, { tls: { ca: tls.ca, servername: "example.org" } }).catch(String);
    expect(wrong).to.include("altnames");
  });
});
