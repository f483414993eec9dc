import { expect } from "chai";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import type { SluiceConfig, UpstreamOptions } from "sluice";
import { http, proxyProtocol } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

describe("An upstream that gets the client's address", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(
    upstream: UpstreamOptions,
    { listen = "tcp://127.0.0.1:0", plugins = [] as SluiceConfig["plugins"] } = {},
  ): Promise<TestProxy> {
    return cleanup.keep(await startProxy({ listeners: { web: { listen, upstream, plugins: plugins ?? [] } } }));
  }
  /** What connections bring first. */
  async function listener(behave: (socket: Socket) => void = () => undefined) {
    const seen: Buffer[] = [];
    const upstream = await startUpstream((socket) => {
      const at = seen.push(Buffer.alloc(0)) - 1;
      socket.on("data", (data) => (seen[at] = Buffer.concat([seen[at] ?? Buffer.alloc(0), data])));
      socket.on("end", () => socket.end());
      behave(socket);
    });
    cleanup.add(() => upstream.close());
    return { seen, upstream, endpoints: [upstream.endpoint] };
  }
  async function send(started: TestProxy, host: string, text: string): Promise<Socket> {
    const socket = cleanup.keep(await connect({ host, port: started.port() }));
    socket.write(text);
    return socket;
  }

  it("gets one line with v1, before the first byte of the client", async () => {
    const { seen, endpoints } = await listener();
    const started = await start({ endpoints, proxyProtocol: "v1" });
    const socket = await send(started, "127.0.0.1", "hello");
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${socket.localPort} ${started.port()}\r\nhello`;
    await eventually(() => expect(String(seen[0])).to.equal(line));
  });

  it("gets a block with v2, for IPv4 and IPv6", async function () {
    requireIpv6(this);
    const { seen, endpoints } = await listener();
    for (const [listen, host, head, addresses] of [
      ["tcp://127.0.0.1:0", "127.0.0.1", "2111000c", "7f0000017f000001"],
      ["tcp://[::1]:0", "::1", "21210024", `${"0".repeat(31)}1${"0".repeat(31)}1`],
    ] as const) {
      seen.length = 0;
      const started = await start({ endpoints, proxyProtocol: "v2" }, { listen });
      const socket = await send(started, host, "x");
      const ports = Buffer.alloc(4);
      ports.writeUInt16BE(socket.localPort ?? 0, 0);
      ports.writeUInt16BE(started.port(), 2);
      const expected = Buffer.concat([signature, Buffer.from(head + addresses, "hex"), ports, Buffer.from("x")]);
      await eventually(() => expect(seen[0]?.toString("hex")).to.equal(expected.toString("hex")));
    }
  });

  it("gets a header even if the client sends nothing, and UNKNOWN for a client without an address", async () => {
    const { seen, endpoints } = await listener();
    const path = `/tmp/sluice-test-${process.pid}-${Date.now()}.sock`;
    for (const [version, expected] of [
      ["v1", Buffer.from("PROXY UNKNOWN\r\n")],
      ["v2", Buffer.concat([signature, Buffer.from("20000000", "hex")])],
    ] as const) {
      seen.length = 0;
      const started = await start({ endpoints, proxyProtocol: version }, { listen: `unix://${path}` });
      const socket = await connect({ path });
      await eventually(() => expect(seen[0]?.toString("hex")).to.equal(expected.toString("hex")));
      socket.destroy();
      await started.proxy.close();
    }
  });

  it("gets the client that an earlier plugin has named", async () => {
    const { seen, endpoints } = await listener();
    const front = proxyProtocol({ from: ["127.0.0.1"] });
    const started = await start({ endpoints, proxyProtocol: "v1" }, { plugins: [front] });
    await send(started, "127.0.0.1", "PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\nrest");
    await eventually(() => expect(String(seen[0])).to.match(/^PROXY TCP4 192\.0\.2\.7 \S+ 1234 \d+\r\nrest$/));
  });

  it("gets the client that an earlier plugin has named on a unix socket, to which the client has no address", async () => {
    const { seen, endpoints } = await listener();
    const path = join(temporaryFolder(cleanup), "front.sock");
    for (const [source, line] of [
      ["PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n", "PROXY TCP4 192.0.2.7 0.0.0.0 1234 0\r\n"],
      ["PROXY TCP6 2001:db8::7 2001:db8::1 1234 80\r\n", "PROXY TCP6 2001:db8::7 :: 1234 0\r\n"],
      ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN\r\n"],
    ] as const) {
      seen.length = 0;
      const plugins = [proxyProtocol({ from: ["unix"] })];
      const started = await start({ endpoints, proxyProtocol: "v1" }, { listen: `unix://${path}`, plugins });
      (await connect({ path })).end(`${source}rest`);
      await eventually(() => expect(Buffer.concat(seen).toString()).to.equal(`${line}rest`));
      await started.proxy.close();
    }
  });

  it("gets the header before TLS", async () => {
    const secure = createTlsServer(await createCertificate("localhost"), (socket) => socket.on("error", () => undefined).pipe(socket));
    secure.on("tlsClientError", () => undefined);
    const lines: string[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("readable", () => {
        const data = socket.read() as Buffer;
        const end = data.indexOf("\n") + 1;
        lines.push(String(data.subarray(0, end)));
        if (end < data.length) socket.unshift(data.subarray(end));
        secure.emit("connection", socket);
      });
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const started = await start({ endpoints: [`127.0.0.1:${portOf(server)}`], proxyProtocol: "v1", tls: { verify: false } });
    const socket = await send(started, "127.0.0.1", "x");
    expect(String(await readBytes(socket, 1))).to.equal("x");
    expect(lines).to.deep.equal([`PROXY TCP4 127.0.0.1 127.0.0.1 ${socket.localPort} ${started.port()}\r\n`]);
  });

  it("gets a block in front of each datagram over UDP", async () => {
    const upstream = cleanup.keep(await bindUdp());
    const seen: Buffer[] = [];
    upstream.on("message", (datagram, { port }) => {
      seen.push(datagram);
      upstream.send(datagram.subarray(28), port, "127.0.0.1");
    });
    const endpoints = [`127.0.0.1:${upstream.address().port}`];
    const started = await start({ endpoints, proxyProtocol: "v2" }, { listen: "udp://127.0.0.1:0" });
    const client = await startUdpClient(cleanup, started.port());
    for (const text of ["one", "two"]) expect(String(await client.ask(text))).to.equal(text);
    const ports = Buffer.alloc(4);
    ports.writeUInt16BE(client.port, 0);
    ports.writeUInt16BE(started.port(), 2);
    const block = Buffer.concat([signature, Buffer.from("2112000c7f0000017f000001", "hex"), ports]);
    expect(seen.map((datagram) => datagram.subarray(0, 28).equals(block))).to.deep.equal([true, true]);
  });

  it("gets separate connections for each client with http(), which end with the client", async () => {
    const { seen, upstream, endpoints } = await listener((socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
    });
    const started = await start({ endpoints, proxyProtocol: "v1" }, { plugins: [http()] });
    for (let time = 0; time < 2; time += 1) expect((await ask(started.port())).status).to.equal(200);
    expect(seen).to.have.length(2);
    const [one, two] = seen.map((data) => String(data).split("\r\n", 1)[0]);
    expect(one).to.match(/^PROXY TCP4 127\.0\.0\.1 /);
    expect(one).to.not.equal(two);
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
  });

  it("gets LOCAL for a health check of the proxy", async () => {
    const { seen, endpoints } = await listener();
    await start({ endpoints, proxyProtocol: "v2", health: { check: { send: "ping", expect: "pong" }, interval: "20ms", timeout: "50ms" } });
    const expected = Buffer.concat([signature, Buffer.from("20000000", "hex"), Buffer.from("ping")]);
    await eventually(() => expect(seen[0]?.toString("hex")).to.equal(expected.toString("hex")));
  });

  it("sees connections and datagrams from the address in bind", async () => {
    const from: (string | undefined)[] = [];
    const upstream = await startUpstream((socket) => {
      from.push(socket.remoteAddress);
      socket.pipe(socket);
    });
    const udp = await bindUdp();
    cleanup.add(() => upstream.close());
    cleanup.add(() => void udp.close());
    udp.on("message", (datagram, { address, port }) => {
      from.push(address);
      udp.send(datagram, port, address);
    });
    const started = await start({ endpoints: [`localhost:${upstream.port}`], bind: "127.0.0.2" });
    await readBytes(await send(started, "127.0.0.1", "x"), 1);
    const flows = await start({ endpoints: [`127.0.0.1:${udp.address().port}`], bind: "127.0.0.3" }, { listen: "udp://127.0.0.1:0" });
    await (await startUdpClient(cleanup, flows.port())).ask("x");
    expect(from).to.deep.equal(["127.0.0.2", "127.0.0.3"]);
  });

  it("does not count as down if bind is an address that this machine does not have", async () => {
    const { endpoints } = await listener();
    const started = await start({ endpoints: [...endpoints, ...endpoints], bind: "192.0.2.1" });
    for (let time = 0; time < 6; time += 1) {
      const socket = await send(started, "127.0.0.1", "x");
      socket.resume();
      await bounded(new Promise((resolve) => socket.once("close", resolve).once("end", resolve)), "the end");
    }
    await started.ended("SLUICE_ADDRESS_UNAVAILABLE");
    expect(started.all("endpoint-down")).to.deep.equal([]);
  });
});
