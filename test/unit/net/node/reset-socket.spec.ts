import { expect } from "chai";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { resetSocket } from "../../../../core/net/node/reset-socket.ts";
import { wasReset } from "../../../../core/net/node/was-reset.ts";
import { bounded } from "../../../support/bounded.ts";
import { createCertificate } from "../../../support/certificates.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { closeOf, connect, portOf } from "../../../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup.add(() => void server.close());
  return portOf(server);
}

/** A server that does something with each connection; gives what the close of each was like. */
async function startServer(act: (socket: Socket) => void): Promise<{ port: number; closed: Promise<unknown> }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => act(socket));
  });
  const port = await listen(server);
  const closed = once(server, "connection").then(async ([socket]) => closeOf(socket as Socket));
  return { port, closed };
}

/** Whether a peer's connection ends in a reset. Node takes one that comes together with bytes for a FIN. */
async function endsInReset(socket: Socket): Promise<boolean> {
  const ended = new Promise<boolean>((resolve) => {
    socket.once("end", () => resolve(wasReset(socket)));
    socket.once("close", () => resolve(socket.errored !== null));
  });
  socket.resume();
  const reset = await bounded(ended, "the end of the connection");
  socket.destroy();
  return reset;
}

describe("resetting a socket", () => {
  it("is a reset for the peer, also with bytes that were not taken yet", async () => {
    const { port, closed } = await startServer((socket) => {
      socket.write(Buffer.alloc(16 * 1024 * 1024));
      resetSocket(socket);
    });
    const client = await connect(port);
    client.write("go");
    expect(await endsInReset(client)).to.equal(true);
    await closed;
  });

  it("closes a socket whose FIN is being sent in the same turn", async () => {
    const { port, closed } = await startServer((socket) => {
      socket.end("last words");
      resetSocket(socket);
    });
    const client = await connect(port);
    client.write("go");
    expect(await closed).to.equal(undefined);
    client.destroy();
  });

  it("is a reset for a TLS peer, whatever is being written", async () => {
    const server = createTlsServer(await createCertificate("localhost"), (socket) => {
      socket.on("error", () => undefined);
      // One turn later the answer is on its way: destroying the socket below first would crash the process now and then.
      socket.on("data", (chunk) => {
        socket.write(chunk);
        if (chunk.length > 0) setImmediate(() => resetSocket(socket));
      });
    });
    const port = await listen(server);
    for (let turn = 0; turn < 30; turn += 1) {
      const client = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
      client.on("error", () => undefined);
      client.on("secureConnect", () => client.write(Buffer.alloc(1 + turn * 1300)));
      expect(await endsInReset(client)).to.equal(true);
    }
  });

  it("does not crash a TLS client that leaves with bytes under way", async () => {
    const server = createTlsServer(await createCertificate("localhost"), (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => socket.write(chunk));
    });
    const port = await listen(server);
    const leave = async (turn: number): Promise<void> => {
      const below = await connect(port);
      const client = connectTls({ socket: below, rejectUnauthorized: false });
      client.on("error", () => undefined);
      await once(client, "secureConnect");
      for (let piece = 0; piece <= turn % 4; piece += 1)
        if (!client.write(Buffer.alloc(1 + ((turn * 997) % 16384)))) await once(client, "drain");
      resetSocket(client);
      await closeOf(client);
    };
    for (let turn = 0; turn < 15; turn += 1) await Promise.all(Array.from({ length: 6 }, (_, at) => leave(turn * 6 + at)));
  });
});
