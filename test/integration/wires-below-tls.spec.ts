import { expect } from "chai";
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, createServer, type TLSSocket } from "node:tls";
import { definePlugin, TAPS, type ListenerConfig, type Plugin, type TappedWire, type Taps, type UpstreamConfig } from "sluice";
import { each } from "sluice/flow";
import { tlsTermination } from "sluice/plugins";
import { startProxy, startUpstream, type TestProxy } from "sluice/testing";
import { inject, injectable } from "tsyringe";
import { eventOf } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { both } from "../support/shapes.ts";
import { portOf, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";

/** What a wire's tap was told: the names of the calls, and bytes each way. */
interface Seen {
  readonly wire: TappedWire;
  readonly calls: string[];
  readonly received: Buffer[];
  readonly sent: Buffer[];
  secrets: string;
}

describe("TAPS below TLS [data path]", () => {
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => {
    certificate = await createCertificate("localhost");
  });
  afterEach(() => cleanup.run());

  let seen: Seen[];
  /** The taps throw. */
  let fails: boolean;
  beforeEach(() => {
    seen = [];
    fails = false;
  });

  @injectable()
  class Wires implements Plugin {
    static readonly borrows = true;
    constructor(@inject(TAPS) taps: Taps) {
      taps.wire((wire) => {
        const own: Seen = { wire, calls: [], received: [], sent: [], secrets: "" };
        seen.push(own);
        return {
          received: (chunk) => {
            own.received.push(Buffer.from(chunk));
            if (!fails) return;
            own.calls.push("thrown");
            throw new Error("tapped out");
          },
          sent: (chunk) => void own.sent.push(Buffer.from(chunk)),
          ended: () => void own.calls.push("ended"),
          finished: () => void own.calls.push("finished"),
          secret: (line) => void (own.secrets += line.toString("latin1")),
          closed: () => void own.calls.push("closed"),
        };
      });
    }
  }
  const wires = definePlugin("wires", Wires);
  const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setImmediate(resolve, chunk));
  const slow = both("later", (data) => data.pipe(each(later)));

  const start = async (listener: Partial<ListenerConfig> = {}): Promise<TestProxy> => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    return cleanup.keep(
      await startProxy({
        listen: "tls://127.0.0.1:0",
        upstream: upstream.address,
        plugins: [wires(), tlsTermination({ ...certificate }), slow],
        ...listener,
      }),
    );
  };
  const connect = async (proxy: TestProxy, socket?: Socket): Promise<TLSSocket> => {
    const to = socket === undefined ? { port: proxy.port(), host: "127.0.0.1", allowHalfOpen: true } : { socket };
    const client = connectTls({ ...to, rejectUnauthorized: false } as object);
    client.on("error", () => undefined);
    cleanup.add(() => void client.destroy());
    await eventOf(client, "secureConnect");
    return client;
  };
  const tlsUpstream = async (): Promise<UpstreamConfig> => {
    const server = createServer({ ...certificate, allowHalfOpen: true } as object, (socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    return { endpoints: [`127.0.0.1:${portOf(server)}`], tls: { verify: false } };
  };

  it("reports the encrypted bytes of both legs and their secrets, and carries 4 MiB in each direction and both ends", async () => {
    const proxy = await start({ upstream: await tlsUpstream() });
    const client = await connect(proxy);
    const bytes = randomMebibytes(4);
    const [echoed] = await Promise.all([digestOf(client), send(client, [bytes])]);
    expect(echoed.sha256).to.equal(sha256(bytes));
    expect((await proxy.nextRecord()).reason).to.equal("closed");
    expect(seen.map(({ wire }) => [wire.leg, wire.session.listener])).to.deep.equal([
      ["client", "main"],
      ["upstream", "main"],
    ]);
    expect(seen.map(({ wire }) => wire.endpoint?.replace(/\d+$/, "port"))).to.deep.equal([undefined, "127.0.0.1:port"]);
    for (const { wire, calls, received, sent, secrets } of seen) {
      // Of the upstream's leg "ended" may be missing: after both goodbyes of TLS its socket is closed at once.
      await eventually(() =>
        expect(calls).to.include.members(wire.leg === "client" ? ["ended", "finished", "closed"] : ["finished", "closed"]),
      );
      expect(calls.at(-1)).to.equal("closed");
      for (const way of [received, sent]) {
        const whole = Buffer.concat(way);
        expect(whole[0], "a record of the handshake").to.equal(22);
        expect(whole.length).to.be.greaterThan(bytes.length);
        expect(whole.includes(bytes.subarray(0, 64))).to.equal(false);
      }
      expect(secrets)
        .to.match(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+\n/m)
        .and.match(/^SERVER_TRAFFIC_SECRET_0 /m);
    }
  });

  it("reports them on a tcp:// listener whose first bytes were already read", async () => {
    const proxy = await start({ listen: "tcp://127.0.0.1:0", plugins: [wires(), tlsTermination({ ...certificate, optional: true })] });
    const client = await connect(proxy);
    client.end("hello");
    const [echoed] = (await once(client, "data")) as [Buffer];
    expect(String(echoed)).to.equal("hello");
    await proxy.nextRecord();
    expect(seen).to.have.lengthOf(1);
  });

  it("distinguishes a reset of the client, and an end without close_notify, from a normal end", async () => {
    for (const [leave, reason] of [
      [(socket: Socket) => socket.resetAndDestroy(), "SLUICE_CLIENT_RESET"],
      [(socket: Socket) => socket.end(), "SLUICE_CLIENT_TRUNCATED"],
    ] as const) {
      const proxy = await start();
      const below = connectPlain(proxy.port(), "127.0.0.1");
      below.on("error", () => undefined);
      const client = await connect(proxy, below);
      client.write("hello");
      await once(client, "data");
      leave(below);
      expect((await proxy.nextRecord()).reason).to.equal(reason);
    }
  });

  it("resets the client when its upstream has been reset", async () => {
    const upstream = cleanup.keep(await startUpstream("reset"));
    const proxy = await start({ upstream: upstream.address });
    const client = connectTls({ port: proxy.port(), host: "127.0.0.1", rejectUnauthorized: false });
    const broken = new Promise((resolve) => client.once("error", resolve));
    client.write("hello");
    expect(await broken).to.have.property("code", "ECONNRESET");
  });

  it("a tap that throws costs no byte, and is not called again", async () => {
    fails = true;
    const proxy = await start();
    const client = await connect(proxy);
    client.end("hello");
    const [echoed] = (await once(client, "data")) as [Buffer];
    expect(String(echoed)).to.equal("hello");
    await proxy.nextRecord();
    expect(seen.map(({ calls }) => calls)).to.deep.equal([["thrown"]]);
    expect(proxy.log.filter((line) => JSON.stringify(line).includes("tapped out"))).to.have.lengthOf(1);
  });
});
