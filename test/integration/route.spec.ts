import { expect } from "chai";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { ListenerConfig } from "sluice";
import { proxyProtocol, route, tlsTermination } from "sluice/plugins";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely } from "../support/exchange.ts";
import { version2 } from "../support/proxy-header.ts";
import { connect, portOf, readAll, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

type RouteOptions = Parameters<typeof route>[0];

describe("route", () => {
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => (certificate = await createCertificate("a.test")));
  afterEach(() => cleanup.run());

  const listening = async (server: Server): Promise<string> => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanup.add(() => void server.close());
    return `127.0.0.1:${portOf(server)}`;
  };
  /** An upstream that says its name and what it was sent, at the client's end; `greets`: its name at once. */
  const named = (name: string, greets = false): Promise<string> =>
    listening(
      createServer({ allowHalfOpen: true }, (socket) => {
        socket.on("error", () => undefined);
        if (greets) socket.write(`${name}:`);
        const chunks: Buffer[] = [];
        socket.on("data", (chunk) => void chunks.push(chunk));
        socket.on("end", () => socket.end(`${greets ? "" : `${name}:`}${Buffer.concat(chunks).toString("latin1")}`));
      }),
    );
  const secure = (name: string): Promise<string> =>
    listening(createTlsServer(certificate, (socket) => void socket.on("error", () => undefined).end(name)));

  const start = async (options: RouteOptions, listener: Partial<ListenerConfig> = {}): Promise<TestProxy> => {
    const { plugins = [], ...rest } = listener;
    const started = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", ...rest, plugins: [...plugins, route(options)] } },
    });
    cleanup.add(() => started.proxy.close());
    return started;
  };
  const say = async (port: number, ...parts: (string | Buffer)[]): Promise<string> => {
    const socket = cleanup.keep(await connect(port));
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    return String(await readAll(socket));
  };
  const sayOverTls = async (port: number, servername: string, alpn: string[] = []): Promise<string> => {
    const socket = await connectSecurely(port, { servername, ALPNProtocols: alpn, rejectUnauthorized: false });
    return String(await readAll(socket));
  };

  it("serves several protocols on one port, and each byte reaches the right upstream", async () => {
    const { port } = await start({
      routes: [
        { protocol: "http", upstream: await named("http") },
        { protocol: ["ssh", "socks5"], upstream: await named("either") },
        { protocol: "tls", upstream: await secure("secret") },
      ],
      fallback: await named("other"),
    });
    expect(await say(port(), "GET / HTTP/1.1\r\n\r\n")).to.equal("http:GET / HTTP/1.1\r\n\r\n");
    expect(await say(port(), "G", "E", "T", " /")).to.equal("http:GET /");
    expect(await say(port(), "SSH-2.0-x\r\n")).to.equal("either:SSH-2.0-x\r\n");
    expect(await say(port(), Buffer.of(5, 1, 0))).to.equal("either:\u0005\u0001\0");
    expect(await say(port(), "GETTING")).to.equal("other:GETTING");
    expect(await sayOverTls(port(), "a.test")).to.equal("secret");
  });

  it("sends a client that waits for its server to send first to the fallback, after the timeout", async () => {
    const { port } = await start({
      routes: [{ protocol: "http", upstream: await named("http") }],
      fallback: await named("220 smtp", true),
      timeout: "60ms",
    });
    const socket = cleanup.keep(await connect(port()));
    expect(String(await readBytes(socket, 9))).to.equal("220 smtp:");
    // What comes later is not looked at any more.
    socket.end("GET / HTTP/1.1\r\n");
    expect(String(await readAll(socket))).to.equal("GET / HTTP/1.1\r\n");
  });

  it("also sends an incomplete beginning at the timeout, and a client that finishes without a byte, to the fallback", async () => {
    const { port } = await start({
      routes: [{ protocol: "http", upstream: await named("http") }],
      fallback: await named("other"),
      timeout: "60ms",
    });
    expect(await say(port(), "GE")).to.equal("other:GE");
    expect(await say(port())).to.equal("other:");
    const slow = await connect(port());
    slow.write("GE");
    const answer = readAll(slow);
    setTimeout(() => slow.end("T /"), 120);
    expect(String(await answer)).to.equal("other:GET /");
  });

  it("waits longer for a ClientHello that has begun, of which a packet may be lost, than for a client that is silent", async () => {
    const { port } = await start({ routes: [{ serverName: "a.test", upstream: await secure("a") }], fallback: await named("other", true) });
    const below = await connect(port());
    const write = below.write.bind(below);
    below.write = (chunk: Buffer, ...rest: []) => {
      below.write = write;
      setTimeout(() => write(chunk.subarray(100), ...rest), 1000);
      return write(chunk.subarray(0, 100));
    };
    const secured = connectTls({ socket: below, servername: "a.test", rejectUnauthorized: false });
    const silent = cleanup.keep(await connect(port()));
    expect(String(await readBytes(silent, 6))).to.equal("other:");
    expect(String(await readAll(secured))).to.equal("a");
  });

  it("without a fallback sends these clients to the listener's own upstream, and without an upstream ends their sessions", async () => {
    const routes = [{ protocol: "http" as const, upstream: await named("http") }];
    const own = await start({ routes }, { upstream: await named("own") });
    expect(await say(own.port(), "hello")).to.equal("own:hello");
    const none = await start({ routes });
    expect(await say(none.port(), "hello")).to.equal("");
    expect((await none.ended()).reason).to.equal("SLUICE_UPSTREAM_MISSING");
    expect(await say(none.port(), "GET /")).to.equal("http:GET /");
  });

  for (const transport of ["tcp", "tls"]) {
    it(`reads server names and ALPN from the ClientHello, on ${transport}://, without decrypting`, async () => {
      const { port, ended } = await start(
        {
          routes: [
            { serverName: "a.test", alpn: "h2", upstream: await secure("a by h2") },
            { serverName: ["a.test", "B.test."], upstream: await secure("a or b") },
            { serverName: "*.wild.test", upstream: await secure("wild") },
            { serverName: "bücher.test", upstream: await secure("books") },
            { alpn: ["x", "postgresql"], upstream: await secure("postgresql") },
          ],
          fallback: await secure("other"),
        },
        { listen: `${transport}://127.0.0.1:0` },
      );
      expect(await sayOverTls(port(), "a.test", ["http/1.1", "h2"]).catch(String)).to.match(/a by h2|no application protocol/i);
      expect(await sayOverTls(port(), "a.test")).to.equal("a or b");
      expect(await sayOverTls(port(), "b.TEST")).to.equal("a or b");
      expect(await sayOverTls(port(), "x.wild.test")).to.equal("wild");
      expect(await sayOverTls(port(), "x.y.wild.test")).to.equal("wild");
      expect(await sayOverTls(port(), "wild.test")).to.equal("other");
      expect(await sayOverTls(port(), "evilwild.test")).to.equal("other");
      expect(await sayOverTls(port(), "xn--bcher-kva.test")).to.equal("books");
      expect(await sayOverTls(port(), "")).to.equal("other");
      expect((await ended()).phase).to.equal("flow");
    });
  }

  it("reads a ClientHello that comes in pieces, and its rest reaches the upstream", async () => {
    const { port } = await start({ routes: [{ serverName: "a.test", upstream: await secure("a") }], timeout: "5s" });
    const below = await connect(port());
    const write = below.write.bind(below);
    // Each byte of the hello is a segment of its own.
    below.write = (chunk: Buffer, ...rest: []) => {
      for (const byte of chunk.subarray(0, 600)) write(Buffer.of(byte));
      return write(chunk.subarray(600), ...rest);
    };
    const socket = connectTls({ socket: below, servername: "a.test", rejectUnauthorized: false });
    expect(String(await readAll(socket))).to.equal("a");
  });

  for (const transport of ["tcp", "tls"]) {
    it(`recognizes protocols inside TLS, server names and ALPN after tlsTermination, on ${transport}://`, async () => {
      const { port } = await start(
        {
          routes: [
            { serverName: "a.test", protocol: "http", upstream: await named("http") },
            { serverName: "a.test", upstream: await named("a") },
            { alpn: "y", upstream: await named("y") },
          ],
          fallback: await named("other"),
        },
        { listen: `${transport}://127.0.0.1:0`, plugins: [tlsTermination({ ...certificate, alpn: ["x", "y"] })] },
      );
      for (const [servername, alpn, text, answer] of [
        ["a.test", "x", "GET /", "http:GET /"],
        ["a.test", "x", "hello", "a:hello"],
        ["b.test", "x", "GET /", "other:GET /"],
        ["b.test", "y", "GET /", "y:GET /"],
      ] as const) {
        const socket = await connectSecurely(port(), { servername, ALPNProtocols: [alpn], rejectUnauthorized: false });
        socket.allowHalfOpen = true;
        socket.end(text);
        expect(String(await readAll(socket))).to.equal(answer);
      }
    });
  }

  it("also chooses by the client, which a proxy in front may have named, and reads nothing if the client is enough", async () => {
    const { port } = await start(
      {
        routes: [{ client: ["192.0.2.0/24"], upstream: await named("inside", true) }],
        fallback: await named("outside", true),
        timeout: "1m",
      },
      { plugins: [proxyProtocol({ from: ["127.0.0.1"] })] },
    );
    for (const [source, name] of [
      ["192.0.2.9", "inside:"],
      ["198.51.100.9", "outside:"],
    ] as const) {
      const socket = cleanup.keep(await connect(port()));
      socket.write(version2({ source }));
      expect(String(await readBytes(socket, name.length))).to.equal(name);
    }
  });

  it("chooses the first route that matches, and waits while an earlier route may still match", async () => {
    const { port } = await start({
      routes: [
        { protocol: "http2", upstream: await named("h2") },
        { client: ["127.0.0.0/8"], upstream: await named("local") },
      ],
    });
    expect(await say(port(), "PRI * HTTP/2.0\r\n", "\r\nSM\r\n\r\n")).to.equal("h2:PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    expect(await say(port(), "PRI * HTTP/2.0\r\n", "\r\nXX")).to.equal("local:PRI * HTTP/2.0\r\n\r\nXX");
  });

  it("sends UDP sessions by their client", async () => {
    const answering = async (name: string): Promise<string> => {
      const socket = cleanup.keep(await bindUdp());
      socket.on("message", (datagram, from) => socket.send(`${name}:${String(datagram)}`, from.port, from.address));
      return `127.0.0.1:${socket.address().port}`;
    };
    const started = await start(
      { routes: [{ client: ["127.0.0.0/8"], upstream: await answering("local") }], fallback: await answering("other") },
      { listen: "udp://127.0.0.1:0" },
    );
    const client = await startUdpClient(cleanup, started.port());
    expect(String(await client.ask("hello"))).to.equal("local:hello");
  });

  it("sends new sessions by the new routes after a reload, and does not change open sessions", async () => {
    const [first, second] = [await named("first"), await named("second")];
    const { port, proxy } = await start({ routes: [{ protocol: "http", upstream: first }] });
    const open = await connect(port());
    open.write("GET /1");
    await new Promise((resolve) => setImmediate(resolve));
    await proxy.apply({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [route({ routes: [{ protocol: "http", upstream: second }] })] } },
    });
    expect(await say(port(), "GET /2")).to.equal("second:GET /2");
    open.end();
    expect(String(await readAll(open))).to.match(/^first:GET \/1$/);
  });

  for (const [what, options, message] of [
    ["no routes", { routes: [] }, /routes/],
    ["a route without a condition", { routes: [{ upstream: "a:1" }] }, /expected a condition/],
    ["a route without an upstream", { routes: [{ protocol: "http" }] }, /routes\[0\]\.upstream/],
    ["an upstream that is none", { routes: [{ protocol: "http", upstream: "a" }] }, /routes\[0\]\.upstream.*without a port/s],
    ["a protocol that nobody knows", { routes: [{ protocol: "gopher", upstream: "a:1" }] }, /routes\[0\]\.protocol/],
    ["a name that is none", { routes: [{ serverName: "a b", upstream: "a:1" }] }, /routes\[0\]\.serverName/],
    ["a star in the middle", { routes: [{ serverName: "a.*.test", upstream: "a:1" }] }, /routes\[0\]\.serverName/],
    ["a network that is none", { routes: [{ client: ["a"], upstream: "a:1" }] }, /routes\[0\]\.client/],
    ["a misspelt condition", { routes: [{ servername: "a.test", upstream: "a:1" }] }, /did you mean "serverName"/],
    ["QUIC on TCP", { routes: [{ protocol: "quic", upstream: "a:1" }] }, /udp:\/\/ listener/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const error: unknown = await start(options as never).catch((reason: unknown) => reason);
      expect(String(error)).to.match(message);
    });
  }
});
