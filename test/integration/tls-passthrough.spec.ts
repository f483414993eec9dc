import { expect } from "chai";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls, createServer } from "node:tls";
import type { Server } from "node:tls";
import { Duplex } from "node:stream";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventOf } from "../support/bounded.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { breakOf } from "../support/reset.ts";
import { connect, portOf, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";
import { startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A TLS upstream that echoes, and a `tls://` listener in front of it that terminates nothing. */
async function start(handshake = 10_000): Promise<TestProxy & { readonly server: Server }> {
  const server = createServer(
    { ...(await createCertificate("passed.test")), ALPNProtocols: ["h2", "http/1.1"], allowHalfOpen: true } as object,
    (socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    },
  );
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  const started = await startProxy({
    timeouts: { handshake },
    listeners: { secure: { listen: "tls://127.0.0.1:0", upstream: `127.0.0.1:${portOf(server)}` } },
  });
  cleanup.add(() => started.proxy.close());
  return { ...started, server };
}

/** A stream that hands what is written to a socket on in pieces of `size` bytes, each in a segment of its own. */
function inPieces(socket: Socket, size: number): Duplex {
  const pipe = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      void (async () => {
        for (let at = 0; at < chunk.length; at += size) {
          socket.write(chunk.subarray(at, at + size));
          await new Promise((resolve) => void setImmediate(resolve));
        }
        done();
      })();
    },
  });
  socket.on("data", (chunk: Buffer) => pipe.push(chunk));
  socket.on("end", () => pipe.push(null));
  return pipe;
}

describe("a tls:// listener that passes TLS through [data path]", () => {
  it("reads the name and the protocols from the ClientHello, and carries every byte and half-close", async () => {
    const { port, event, ended } = await start();
    const bytes = randomMebibytes(4);
    const client = connectTls({
      port: port(),
      host: "127.0.0.1",
      servername: "Passed.TEST",
      ALPNProtocols: ["h2"],
      rejectUnauthorized: false,
      allowHalfOpen: true,
    } as object);
    await once(client, "secureConnect");
    const { session } = await event("session-started");
    expect(session.tls).to.deep.include({ serverName: "passed.test", alpn: ["h2"], versions: ["TLSv1.3", "TLSv1.2"] });
    expect(client.alpnProtocol).to.equal("h2");
    const [echoed] = await Promise.all([digestOf(client), send(client, [bytes])]);
    expect(echoed.sha256).to.equal(sha256(bytes));
    expect((await ended()).reason).to.equal("closed");
  });

  it("recognizes a ClientHello that comes one byte at a time", async () => {
    const { port, event } = await start();
    const below = await connect(port());
    const client = connectTls({ socket: inPieces(below, 1), servername: "split.test", rejectUnauthorized: false });
    client.on("error", () => undefined);
    await eventOf(client, "secureConnect", 10_000);
    const { session } = await event("session-started");
    expect(session.tls).to.deep.include({ serverName: "split.test", alpn: [] });
    client.destroy();
    below.destroy();
  });

  const nonsense: Readonly<Record<string, Buffer>> = {
    "something like HTTP": Buffer.from("GET / HTTP/3\r\nHost: passed.test\r\n\r\n"),
    "64 bytes of 0xff": Buffer.alloc(64, 0xff),
    "a handshake that is no hello": Buffer.from("16030100050200000100", "hex"),
  };

  it("tells a client that sends plain HTTP, in words of HTTP, that TLS is expected, and connects to no upstream for it", async () => {
    const { port, ended } = await start();
    for (const head of ["GET / HTTP/1.1\r\nHost: passed.test\r\n\r\n", `POST /${"a".repeat(900)}?b HTTP/1.0\nContent-Length: 9\n\n123`]) {
      const client = await connect(port());
      client.write(head);
      const chunks: Buffer[] = [];
      client.on("data", (chunk: Buffer) => chunks.push(chunk));
      await eventOf(client, "end");
      expect(String(Buffer.concat(chunks))).to.match(
        /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\nConnection: close\r\n\r\n[^\n]*https:[^\n]*\n$/,
      );
      const record = await ended();
      expect([record.reason, record.upstream]).to.deep.equal(["SLUICE_CLIENT_TLS", undefined]);
      client.destroy();
    }
  });

  for (const [name, bytes] of Object.entries(nonsense)) {
    it(`closes a client that sends ${name}, and connects to no upstream for it`, async () => {
      const { port, ended, proxy } = await start();
      const client = await connect(port());
      client.write(bytes);
      await breakOf(client);
      const record = await ended();
      expect([record.reason, record.upstream]).to.deep.equal(["SLUICE_CLIENT_TLS", undefined]);
      expect(proxy.sessions.size).to.equal(0);
      client.destroy();
    });
  }

  it("closes a client that does not finish its ClientHello within timeouts.handshake", async () => {
    const { port, ended } = await start(200);
    const client = await connect(port());
    client.write(Buffer.from("1603010200", "hex"));
    await breakOf(client);
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_TIMEOUT");
    client.destroy();
  });

  it("ends the session of a client that leaves without sending a byte", async () => {
    const { port, ended } = await start();
    (await connect(port())).end();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
  });
});
