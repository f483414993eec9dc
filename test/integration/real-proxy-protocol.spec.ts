import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { proxyHeader, proxyProtocol, tlsTermination, type ProxyHeader } from "sluice/plugins";
import type { PluginUse } from "sluice";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { startForward } from "../support/forward.ts";
import { failures, startServer, temporaryFolder } from "../support/real-peer.ts";
import { connect, freePort } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const from = ["127.0.0.0/8"];
const modules = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"].map((folder) => join(folder, "ngx_stream_module.so"));

describe("proxyProtocol behind real proxies [trust]", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Keeps what headers said. */
  const noting = (headers: (ProxyHeader | undefined)[]): PluginUse =>
    plugin("note", {
      connect: (attempt, session) => {
        headers.push(proxyHeader(session));
        return attempt;
      },
    });

  /** Starts HAProxy, which listens and sends on with these words, and gives its port. */
  async function startHaproxy(context: Mocha.Context, to: number, words: string, more = ""): Promise<number> {
    const haproxy = requireTool(context, "haproxy");
    const port = await freePort();
    const file = join(temporaryFolder(cleanup), "haproxy.cfg");
    const times = "timeout connect 5s\n timeout client 10s\n timeout server 10s";
    writeFileSync(
      file,
      `defaults\n mode tcp\n ${times}\nlisten front\n bind 127.0.0.1:${port}${more}\n server behind 127.0.0.1:${to} ${words}\n`,
    );
    startServer(cleanup, haproxy, ["-db", "-f", file]);
    await eventually(async () => (await connect(port)).destroy(), { within: 15_000 });
    return port;
  }

  /** Starts nginx with a stream server of these words. */
  async function startNginx(context: Mocha.Context, words: string): Promise<void> {
    const nginx = requireTool(context, "nginx");
    const module = modules.find((each) => existsSync(each)) ?? context.skip();
    const folder = temporaryFolder(cleanup);
    const file = join(folder, "nginx.conf");
    const settings = `load_module ${module}; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}`;
    writeFileSync(file, `${settings}\nstream { server { ${words} } }\n`);
    startServer(cleanup, nginx, ["-p", folder, "-c", file]);
  }

  for (const [words, version] of [
    ["send-proxy", 1],
    ["send-proxy-v2", 2],
    ["send-proxy-v2 proxy-v2-options crc32c,unique-id", 2],
  ] as const) {
    it(`HAProxy names its client: ${words}`, async function () {
      const headers: (ProxyHeader | undefined)[] = [];
      const started = await startForward(cleanup, "echo", { plugins: [proxyProtocol({ from }), noting(headers)] });
      const socket = cleanup.keep(await connect(await startHaproxy(this, started.port(), words)));
      expect(await exchange(socket, "hello")).to.equal("hello");
      const address = `127.0.0.1:${socket.localPort}`;
      const header = headers.find((each) => String(each?.source) === address);
      expect(header).to.include({ version, command: "PROXY" });
      socket.destroy();
      await eventually(() => expect(started.all("session-ended").map(({ record }) => record.client)).to.include(address));
    });
  }

  it("HAProxy's health checks are served with HAProxy as the client: LOCAL", async function () {
    const headers: (ProxyHeader | undefined)[] = [];
    const started = await startForward(cleanup, "echo", { plugins: [proxyProtocol({ from }), noting(headers)] });
    await startHaproxy(this, started.port(), "send-proxy-v2 check check-send-proxy inter 100ms");
    await eventually(() => expect(headers.some((header) => header?.command === "LOCAL" && header.source === undefined)).to.equal(true), {
      within: 30_000,
    });
    expect(failures(started).filter((text) => text.includes("SLUICE_CLIENT_PROTOCOL"))).to.deep.equal([]);
  });

  it("HAProxy names a TLS client, whose TLS is terminated after the header", async function () {
    const certificate = await createCertificate("localhost");
    const file = join(temporaryFolder(cleanup), "both.pem");
    writeFileSync(file, `${certificate.cert}\n${certificate.key}\n`);
    const headers: (ProxyHeader | undefined)[] = [];
    const plugins = [proxyProtocol({ from }), tlsTermination(certificate), noting(headers)];
    const started = await startForward(cleanup, "echo", { listener: { listen: "tls://127.0.0.1:0" }, plugins });
    const port = await startHaproxy(this, started.port(), "send-proxy-v2-ssl-cn ssl verify none", ` ssl crt ${file}`);
    const socket = cleanup.keep(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
    await bounded(once(socket, "secureConnect"), "the handshake");
    expect(await exchange(socket, "hello")).to.equal("hello");
    const header = headers.find((each) => String(each?.source) === `127.0.0.1:${socket.localPort}`);
    // 0x20: what HAProxy tells of its client's TLS.
    expect(header?.tlvs.map(({ type }) => type)).to.include(0x20);
  });

  it("nginx names its client over TCP", async function () {
    const started = await startForward(cleanup, "echo", { plugins: [proxyProtocol({ from })] });
    const port = await freePort();
    await startNginx(this, `listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${started.port()}; proxy_protocol on;`);
    const socket = await eventually(() => connect(port), { within: 15_000 });
    cleanup.add(() => void socket.destroy());
    expect(await exchange(socket, "hello")).to.equal("hello");
    const address = `127.0.0.1:${socket.localPort}`;
    socket.destroy();
    await eventually(() => expect(started.all("session-ended").map(({ record }) => record.client)).to.include(address));
  });

  it("nginx names its client over UDP, only before the first datagram", async function () {
    const echo = cleanup.keep(await startUdpEcho());
    const plugins = [proxyProtocol({ from, datagrams: "first" })];
    const started = await startProxy({ listeners: { web: { listen: "udp://127.0.0.1:0", upstream: echo.endpoint, plugins } } });
    cleanup.add(() => started.proxy.close());
    const port = await freePort();
    await startNginx(this, `listen 127.0.0.1:${port} udp; proxy_pass 127.0.0.1:${started.port()}; proxy_protocol on;`);
    const client = await startUdpClient(cleanup, port);
    await eventually(async () => expect(String(await client.ask("one", 300))).to.equal("one"), { within: 15_000 });
    expect(String(await client.ask("two"))).to.equal("two");
    expect([...started.proxy.sessions].map((session) => String(session.client))).to.include(`127.0.0.1:${client.port}`);
  });
});
