import { expect } from "chai";
import { connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import { connect as connectTls, createServer, type SecureVersion, type TLSSocket } from "node:tls";
import { of, type Observable } from "rxjs";
import type { PluginUse, TimeoutsConfig, UpstreamTlsConfig } from "sluice";
import { answer as answering } from "sluice/flow";
import { tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { wasTruncated, watchTruncation } from "../../core/net/node/tls/truncation.ts";
import { wasReset } from "../../core/net/node/was-reset.ts";
import { eventOf } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { shapes } from "../support/shapes.ts";
import { portOf } from "../support/sockets.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const versions: readonly SecureVersion[] = ["TLSv1.2", "TLSv1.3"];
/** Shorter than one record, and much longer than what a socket reads at once. */
const lengths = { "a few bytes": 5, "300 KB": 300_000 } as const;

let certificate: TestCertificate;
before(async () => {
  certificate = await createCertificate("localhost");
});

/** Passes bytes on until its client's connection ends in whatever way, and then sends FIN: TLS knows nothing of it. */
async function startRelay(port: number): Promise<number> {
  const relay = createTcpServer((client) => {
    const far = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    far.on("error", () => client.destroy());
    client.on("error", () => far.end());
    client.pipe(far);
    far.pipe(client);
  });
  relay.listen(0, "127.0.0.1");
  await eventOf(relay, "listening");
  cleanup.add(() => void relay.close());
  return portOf(relay);
}

async function secureClient(port: number, version: SecureVersion): Promise<TLSSocket> {
  const via = await startRelay(port);
  const socket = connectTls({ port: via, ca: certificate.cert, servername: "localhost", minVersion: version, maxVersion: version });
  socket.on("error", () => undefined);
  await eventOf(socket, "secureConnect");
  cleanup.add(() => void socket.destroy());
  return socket;
}

/** Sends FIN below TLS once everything has been written. */
function cut(client: TLSSocket, bytes: Buffer): void {
  client.write(bytes, () => client.destroy());
}

interface Heard {
  bytes: number;
  readonly end: Promise<"fin" | "reset">;
}

function listen(socket: Socket): Heard {
  const heard: Heard = {
    bytes: 0,
    end: new Promise((resolve) => {
      socket.once("end", () => {
        // Node takes a reset that it reads together with bytes for an end.
        resolve(wasReset(socket) ? "reset" : "fin");
      });
      socket.once("error", () => {
        resolve("reset");
      });
    }),
  };
  socket.on("data", (chunk: Buffer) => (heard.bytes += chunk.length));
  return heard;
}

async function terminating(plugins: readonly PluginUse[], options: object = {}): Promise<{ started: TestProxy; heard: Promise<Heard> }> {
  let hear: (heard: Heard) => void = () => undefined;
  const heard = new Promise<Heard>((resolve) => (hear = resolve));
  const upstream = await startUpstream((socket) => {
    hear(listen(socket));
  });
  cleanup.add(() => upstream.close());
  const use = tlsTermination({ ...certificate, ...options });
  const started = await startProxy({
    listeners: { web: { listen: "tls://127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}`, plugins: [use, ...plugins] } },
  });
  cleanup.add(() => started.proxy.close());
  return { started, heard };
}

async function towards(answer: (socket: TLSSocket) => void, version: SecureVersion, tls: UpstreamTlsConfig = {}): Promise<TestProxy> {
  const options = { ...certificate, minVersion: version, maxVersion: version, allowHalfOpen: true };
  const server = createServer(options as object, (socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  const upstream = { endpoints: [`127.0.0.1:${portOf(server)}`], tls: { ca: certificate.cert, serverName: "localhost", ...tls } };
  return cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } }));
}

/** As a server that dies does it: FIN, and no close_notify. */
const die = (bytes: Buffer) => (socket: TLSSocket) => {
  socket.once("data", () => socket.write(bytes, () => socket.destroy()));
};

describe("a TLS peer whose connection ends without close_notify [data path]", () => {
  for (const version of versions) {
    for (const [name, length] of Object.entries(lengths)) {
      it(`is cut off if it is a client over ${version} that sent ${name}: the upstream sees a reset`, async () => {
        const { started, heard } = await terminating([]);
        const client = await secureClient(started.port(), version);
        cut(client, Buffer.alloc(length));
        const upstream = await heard;
        expect(await upstream.end).to.equal("reset");
        expect((await started.ended()).reason).to.equal("SLUICE_CLIENT_TRUNCATED");
      });

      it(`has ended if it is a client over ${version} that sent close_notify after ${name}`, async () => {
        const { started, heard } = await terminating([]);
        const client = await secureClient(started.port(), version);
        client.end(Buffer.alloc(length));
        const upstream = await heard;
        expect(await upstream.end).to.equal("fin");
        expect(upstream.bytes).to.equal(length);
      });

      it(`is cut off if it is an upstream over ${version} that sent ${name}: the client sees a reset`, async () => {
        const started = await towards(die(Buffer.alloc(length)), version);
        const client = connectTcp(started.port(), "127.0.0.1");
        const heard = listen(client);
        client.write("go");
        expect(await heard.end).to.equal("reset");
        expect((await started.ended()).reason).to.equal("SLUICE_UPSTREAM_TRUNCATED");
      });

      it(`has ended if it is an upstream over ${version} that sent close_notify after ${name}`, async () => {
        const started = await towards((socket) => void socket.once("data", () => socket.end(Buffer.alloc(length))), version);
        const client = connectTcp(started.port(), "127.0.0.1");
        const heard = listen(client);
        client.end("go");
        expect(await heard.end).to.equal("fin");
        expect(heard.bytes).to.equal(length);
        expect((await started.ended()).reason).to.equal("closed");
      });
    }

    it(`has ended if it is an upstream over ${version} that ends during its own handshake, as Node's servers do`, async () => {
      const started = await towards((socket) => void socket.end("hello"), version);
      for (const _ of [1, 2]) {
        const client = connectTcp(started.port(), "127.0.0.1");
        const heard = listen(client);
        expect(await heard.end).to.equal("fin");
        expect(heard.bytes).to.equal(5);
        client.destroy();
      }
    });

    it(`is cut off if it is an upstream over ${version} that spoke first, during its own handshake, and died later`, async () => {
      const started = await towards((socket) => void socket.write("hello", () => setTimeout(() => socket.destroy(), 150)), version);
      const heard = listen(connectTcp(started.port(), "127.0.0.1"));
      expect(await heard.end).to.equal("reset");
      expect(heard.bytes).to.equal(5);
      expect((await started.ended()).reason).to.equal("SLUICE_UPSTREAM_TRUNCATED");
    });

    it(`has ended over ${version} too if the option for old peers is set`, async () => {
      const { started, heard } = await terminating([], { allowTruncation: true });
      const client = await secureClient(started.port(), version);
      cut(client, Buffer.from("hello"));
      expect(await (await heard).end).to.equal("fin");

      const other = await towards(die(Buffer.from("hello")), version, { allowTruncation: true });
      const plain = connectTcp(other.port(), "127.0.0.1");
      const answer = listen(plain);
      plain.write("go");
      expect(await answer.end).to.equal("fin");
      expect(answer.bytes).to.equal(5);
      plain.destroy();
    });
  }

  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`is cut off with ${shape} too`, async () => {
      const { started, heard } = await terminating(plugins());
      cut(await secureClient(started.port(), "TLSv1.3"), Buffer.from("hello"));
      expect(await (await heard).end).to.equal("reset");
      expect((await started.ended()).reason).to.equal("SLUICE_CLIENT_TRUNCATED");
    });
  }

  describe("is never Sluice", () => {
    /** How a TLS connection of this process ended. */
    const endOf = (socket: TLSSocket): Promise<string> =>
      new Promise((resolve) => {
        watchTruncation(socket);
        socket.once("end", () => {
          resolve(wasTruncated(socket) ? "truncated" : "close_notify");
        });
        socket.once("error", (error) => {
          resolve(String(error));
        });
        socket.on("data", () => undefined);
      });

    const endings: Readonly<Record<string, { readonly timeouts?: TimeoutsConfig; readonly end: (started: TestProxy) => unknown }>> = {
      "a plugin closes the session": { end: ({ proxy }) => [...proxy.sessions][0]?.close() },
      "it is idle for too long": { timeouts: { idle: "150ms" }, end: () => undefined },
    };
    for (const [name, { timeouts, end }] of Object.entries(endings))
      it(`when ${name}: both sides get close_notify`, async () => {
        const [ends, sockets] = [new Array<Promise<string>>(), new Array<TLSSocket>()];
        const server = createServer({ ...certificate, allowHalfOpen: true } as object, (socket) => {
          socket.on("error", () => undefined);
          sockets.push(socket);
          ends.push(endOf(socket));
        });
        server.listen(0, "127.0.0.1");
        await eventOf(server, "listening");
        cleanup.add(() => void server.close());
        const upstream = { endpoints: [`127.0.0.1:${portOf(server)}`], tls: { ca: certificate.cert, serverName: "localhost" } };
        const web = { listen: "tls://127.0.0.1:0", upstream, plugins: [tlsTermination(certificate)] };
        const started = cleanup.keep(await startProxy({ listeners: { web }, ...(timeouts === undefined ? {} : { timeouts }) }));
        const client = connectTls({ port: started.port(), ca: certificate.cert, servername: "localhost" });
        ends.push(endOf(client));
        client.write("hello");
        await eventually(() => expect(sockets).to.have.lengthOf(1));
        await eventually(() => expect([...started.proxy.sessions]).to.have.lengthOf(1));
        end(started);
        expect(await Promise.all(ends)).to.deep.equal(["close_notify", "close_notify"]);
        for (const socket of [client, ...sockets]) socket.destroy();
      });

    it("when an answer is over before the handshake has returned: the client gets its tickets, the answer and close_notify", async () => {
      const respond = (data: Observable<Buffer>): Observable<Buffer> => {
        data.subscribe();
        return of(Buffer.from("bye"));
      };
      const short = plugin("short", { connect: (_attempt, session) => of(answering("short", respond, session)) });
      const web = { listen: "tls://127.0.0.1:0", plugins: [tlsTermination(certificate), short] };
      const started = cleanup.keep(await startProxy({ listeners: { web } }));
      const client = connectTls({ port: started.port(), ca: certificate.cert, servername: "localhost", minVersion: "TLSv1.3" });
      const seen: string[] = [];
      client.on("session", () => seen.push("ticket"));
      client.on("data", (chunk) => seen.push(String(chunk)));
      seen.push(await endOf(client));
      expect(seen).to.deep.equal(["ticket", "ticket", "bye", "close_notify"]);
      client.destroy();
    });
  });
});
