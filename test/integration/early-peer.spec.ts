import { expect } from "chai";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { delay } from "rxjs";
import { tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { closeOf, connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("The proxy, with a peer that is early,", () => {
  const slow = plugin("slow", { connect: (attempt) => attempt.pipe(delay(50)) });

  it("loses no bytes that an upstream sends while a connect hook still waits", async () => {
    const { port } = await startForward(cleanup, (socket) => socket.resume().end("220 ready\r\n"), { plugins: [slow] });
    const client = await connect(port());
    expect(String(await readAll(client))).to.equal("220 ready\r\n");
    client.end();
  });

  it("notices an upstream that finishes without a byte while a connect hook still waits", async () => {
    const { port, ended } = await startForward(cleanup, (socket) => socket.resume().end(), { plugins: [slow] });
    const client = await connect(port());
    expect((await readAll(client)).length).to.equal(0);
    client.end();
    expect((await ended()).reason).to.equal("closed");
  });

  it("notices a TLS client that finishes right after its handshake, and sends it the whole answer", async () => {
    const plugins = [tlsTermination(await createCertificate("localhost"))];
    const listener = { listen: "tls://127.0.0.1:0" };
    const behave = (socket: Socket): void => void socket.resume().on("end", () => socket.end("answer"));
    const { port, ended } = await startForward(cleanup, behave, { plugins, listener });
    const below = await connect(port());
    const client = connectTls({ socket: below, rejectUnauthorized: false });
    client.on("error", () => undefined);
    client.once("secureConnect", () => client.end());
    expect(String(await bounded(readAll(client), "the answer"))).to.equal("answer");
    expect((await ended()).reason).to.equal("closed");
  });

  it("does not wait for a TLS client that leaves in the middle of its handshake", async () => {
    const plugins = [tlsTermination(await createCertificate("localhost"))];
    const { port, ended } = await startForward(cleanup, "echo", { plugins, listener: { listen: "tls://127.0.0.1:0" } });
    const client = await connect(port());
    client.write(await clientHello());
    // The server's answer: the handshake is half done.
    await readBytes(client, 5);
    client.end();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    await closeOf(client);
  });
});

/** The first bytes of a TLS client. */
async function clientHello(): Promise<Buffer> {
  let found: (hello: Buffer) => void = () => undefined;
  const hello = new Promise<Buffer>((resolve) => (found = resolve));
  const server = await startUpstream((socket) => void socket.once("data", found));
  const client = connectTls({ port: server.port, host: "127.0.0.1" });
  client.on("error", () => undefined);
  try {
    return await bounded(hello, "the ClientHello");
  } finally {
    client.destroy();
    await server.close();
  }
}
