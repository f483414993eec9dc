import { expect } from "chai";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { delay } from "rxjs";
import { tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("A peer that is early", () => {
  const slow = plugin("slow", { connect: (attempt) => attempt.pipe(delay(50)) });

  it("loses nothing of what an upstream says while a connect hook still waits", async () => {
    const { port } = await startForward(cleanup, (socket) => socket.resume().end("220 ready\r\n"), { plugins: [slow] });
    const client = await connect(port());
    expect(String(await readAll(client))).to.equal("220 ready\r\n");
    client.end();
  });

  it("hears an upstream that finishes without a byte while a connect hook still waits", async () => {
    const { port, ended } = await startForward(cleanup, (socket) => socket.resume().end(), { plugins: [slow] });
    const client = await connect(port());
    expect((await readAll(client)).length).to.equal(0);
    client.end();
    expect((await ended()).reason).to.equal("closed");
  });

  it("hears a TLS client that finishes right after its handshake, and gives it the whole answer", async () => {
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
});
