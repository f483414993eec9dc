import { expect } from "chai";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { join } from "node:path";
import type { SluiceConfig, UpstreamOptions } from "sluice";
import { startUpstream, type TestUpstream, type UpstreamKind } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { down, quick, serveStatus, stateOf, up, web } from "../support/health-checks.ts";
import { freePort, portOf } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

describe("Health checks", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(config: SluiceConfig): Promise<TestProxy> {
    return cleanup.keep(await startProxy(config));
  }
  async function serve(behave: UpstreamKind | ((socket: Socket) => void), port = 0): Promise<TestUpstream> {
    return cleanup.keep(await startUpstream(behave, { port }));
  }

  it("depend on the status of an answer, and on the required status", async () => {
    const [any, teapot] = [await serveStatus(cleanup), await serveStatus(cleanup)];
    const of = (endpoint: string, status?: number): SluiceConfig["listeners"][string] => ({
      listen: "tcp://127.0.0.1:0",
      upstream: {
        endpoints: [endpoint],
        health: { check: { http: "/health?x=1", ...(status === undefined ? {} : { status }) }, ...quick },
      },
    });
    const started = await start({ listeners: { any: of(any.endpoint), teapot: of(teapot.endpoint, 418) } });
    expect((await down(started, teapot.endpoint)).detail).to.contain("it answered 204, expected 418");
    await eventually(() => expect(any.asked.length).to.be.greaterThan(2));
    expect(any.asked[0]).to.equal(`GET /health?x=1 ${any.endpoint}`);
    expect(stateOf(started, any.endpoint)?.state).to.equal("up");
    any.status = 500;
    teapot.status = 418;
    await Promise.all([down(started, any.endpoint), up(started, teapot.endpoint)]);
  });

  it("wait for the status behind interim responses, however they are cut", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    const cut = await serve((socket) => {
      socket.setNoDelay(true);
      for (const byte of `${early}HTTP/1.1 200 OK\r\n\r\n`) socket.write(byte);
    });
    const broken = await serve((socket) => void socket.end(`${early}HTTP/1.1 500 No\r\n\r\n`));
    const nothing = await serve((socket) => void socket.end(early));
    const endless = await serve((socket) => void socket.write(early.repeat(1000)));
    const endpoints = [cut, broken, nothing, endless];
    const started = await start(web({ endpoints: endpoints.map(({ endpoint }) => endpoint), health: { check: { http: "/" }, ...quick } }));
    const details = Promise.all([broken, nothing, endless].map(async ({ endpoint }) => String((await down(started, endpoint)).detail)));
    const [ofBroken, ofNothing, ofEndless] = await details;
    expect(ofBroken).to.contain("it answered 500");
    expect(ofNothing).to.contain("not HTTP");
    expect(ofEndless).to.contain("not HTTP");
    expect(stateOf(started, cut.endpoint)?.state).to.equal("up");
  });

  it("ask a unix socket for localhost, since servers refuse a path as the host", async () => {
    const asked: (string | undefined)[] = [];
    const file = join(temporaryFolder(cleanup), "web.sock");
    const server = createServer((request, response) => {
      asked.push(request.headers.host);
      response.end();
    });
    server.listen(file);
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    await start(web({ endpoints: [`unix:${file}`], health: { check: { http: "/" }, ...quick } }));
    await eventually(() => expect(asked).to.include("localhost"));
    expect(asked.filter((host) => host !== "localhost")).to.deep.equal([]);
  });

  it("depend on the bytes of an endpoint that is asked or sends first, and refuse other bytes", async () => {
    const redis = await serve((socket) => {
      socket.on("data", (data) => socket.write(data.includes("PING") ? "+PO" : "-ERR\r\n"));
      socket.once("data", () => setImmediate(() => socket.write("NG\r\n")));
    });
    const ssh = await serve((socket) => void socket.write("SSH-2.0-x\r\n"));
    const garbage = await serve("garbage");
    const other = await serve((socket) => void socket.on("data", () => socket.write("-LOADING\r\n")));
    const of = (endpoint: string, check: NonNullable<UpstreamOptions["health"]>["check"]) => ({
      listen: "tcp://127.0.0.1:0",
      upstream: { endpoints: [endpoint], health: { check, ...quick } },
    });
    const started = await start({
      listeners: {
        redis: of(redis.endpoint, { send: "PING\r\n", expect: "+PONG" }),
        ssh: of(ssh.endpoint, { expect: /^SSH-2\.0-/g }),
        other: of(other.endpoint, { send: "PING\r\n", expect: "+PONG" }),
        garbage: of(garbage.endpoint, { send: Buffer.from([0]), expect: Buffer.from([0x41]) }),
      },
    });
    expect((await down(started, garbage.endpoint)).detail).to.contain("does not contain");
    expect((await down(started, other.endpoint)).detail).to.match(/longer than \d+ ms: 10 bytes came, without what was expected$/);
    await eventually(() => expect([redis.connections > 3, ssh.connections > 3]).to.deep.equal([true, true]));
    expect([stateOf(started, redis.endpoint)?.state, stateOf(started, ssh.endpoint)?.state]).to.deep.equal(["up", "up"]);
  });

  it("make a TLS handshake, which fails with a plain server", async () => {
    const server = createTlsServer(
      { ...(await createCertificate("localhost")) },
      (socket) => void socket.on("error", () => undefined).resume(),
    );
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const plain = await serve("garbage");
    const of = (endpoint: string) =>
      ({
        listen: "tcp://127.0.0.1:0",
        upstream: { endpoints: [endpoint], health: { check: "tls", ...quick } },
      }) as const;
    const secure = `127.0.0.1:${portOf(server)}`;
    const started = await start({ listeners: { tls: of(secure), plain: of(plain.endpoint) } });
    expect((await down(started, plain.endpoint)).code).to.equal("SLUICE_UPSTREAM_TLS");
    expect(stateOf(started, secure)).to.include({ state: "up" });
  });

  it("send a datagram over UDP: no answer, ICMP and a wrong answer are failures", async () => {
    const [right, silent, wrong] = await Promise.all([bindUdp(), bindUdp(), bindUdp()]);
    for (const socket of [right, silent, wrong]) cleanup.add(() => void socket.close());
    right.on("message", (datagram, { port }) => right.send(datagram.equals(Buffer.from("ping")) ? "pong" : "echo", port, "127.0.0.1"));
    wrong.on("message", (_datagram, { port }) => wrong.send("no", port, "127.0.0.1"));
    const endpoints = [right, silent, wrong].map((socket) => `127.0.0.1:${socket.address().port}`);
    const nobody = `127.0.0.1:${await freePort()}`;
    const health = { check: { send: "ping", expect: "pong" }, ...quick, timeout: "100ms" } as const;
    const started = await start(web({ endpoints: [...endpoints, nobody], health }, [], "udp"));
    const codes = await Promise.all([...endpoints.slice(1), nobody].map(async (endpoint) => (await down(started, endpoint)).code));
    expect(codes).to.deep.equal(["SLUICE_UPSTREAM_TIMEOUT", "SLUICE_UPSTREAM_TIMEOUT", "SLUICE_UPSTREAM_REFUSED"]);
    for (let flow = 0; flow < 3; flow += 1) {
      const client = await startUdpClient(cleanup, started.port());
      expect(String(await client.ask("x"))).to.equal("echo");
    }
  });
});
