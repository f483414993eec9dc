import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { definePlugin, type PluginUse, type UpstreamOptions } from "sluice";
import { echo, proxyHeader, proxyProtocol, tlsTermination } from "sluice/plugins";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { startServer, temporaryFolder } from "../support/real-peer.ts";
import { connect, freePort, readAll } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const tlvs = ["alpn", "authority", "ssl"] as const;
const [ALPN, AUTHORITY, SSL, VERSION, COMMON_NAME, CIPHER] = [0x01, 0x02, 0x20, 0x21, 0x22, 0x23];

/** The extensions by type, as texts; of those of TLS the contents. */
type Told = Record<number, string | undefined>;

function readSsl(value: Buffer): Told & { readonly client: number; readonly verify: number } {
  const told: Told = {};
  for (let at = 5; at < value.length; at += 3 + value.readUInt16BE(at + 1))
    told[value[at] ?? 0] = value.toString("utf8", at + 3, at + 3 + value.readUInt16BE(at + 1));
  return { ...told, client: value.readUInt8(0), verify: value.readUInt32BE(1) };
}

describe("What a PROXY header says of a client's TLS [trust]", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  let authority: TestCertificate;
  let server: TestCertificate;
  before(async () => {
    authority = await createCertificate("Test CA", { authority: true });
    server = await createCertificate("front.test", { ca: authority });
  });

  /** A proxy behind, which reads the headers, and one in front. */
  async function start(listen: "tcp" | "tls", plugins: readonly PluginUse[], options: object = { proxyProtocolTlvs: tlvs }) {
    const headers: ReturnType<typeof proxyHeader>[] = [];
    const note = definePlugin("note", () => ({
      connect: (attempt, session) => {
        headers.push(proxyHeader(session));
        return attempt;
      },
    }));
    const from = ["127.0.0.0/8"];
    const behind = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [proxyProtocol({ from }), note(), echo()] } },
    });
    cleanup.add(() => behind.proxy.close());
    const upstream: UpstreamOptions = { endpoints: [`127.0.0.1:${behind.port()}`], proxyProtocol: "v2", ...options };
    const front = cleanup.keep(await startProxy({ listeners: { web: { listen: `${listen}://127.0.0.1:0`, upstream, plugins } } }));
    const told = (): Map<number, Buffer> => new Map(headers.at(-1)?.tlvs.map(({ type, value }) => [type, value]));
    return { port: front.port(), told };
  }
  const terminated = (more: object = {}): PluginUse[] => [
    tlsTermination({ cert: server.cert, key: server.key, alpn: ["h2", "http/1.1"], ...more }),
  ];
  const dial = async (port: number, options: ConnectionOptions): Promise<void> => {
    const client = cleanup.keep(await connectSecurely(port, { ca: authority.cert, servername: "front.test", ...options }));
    expect(await exchange(client, "hello")).to.equal("hello");
  };

  it("has the agreed protocol, the server name, the version and the cipher", async () => {
    const { port, told } = await start("tls", terminated());
    await dial(port, { ALPNProtocols: ["http/1.1"] });
    expect(String(told().get(ALPN))).to.equal("http/1.1");
    expect(String(told().get(AUTHORITY))).to.equal("front.test");
    const ssl = readSsl(told().get(SSL) ?? Buffer.alloc(0));
    expect(ssl).to.include({ client: 0x01, verify: 1, [VERSION]: "TLSv1.3" });
    expect(ssl[CIPHER]).to.match(/^TLS_/);
    expect(ssl).not.to.have.property(String(COMMON_NAME));
  });

  it("has the name of a client's certificate, and that it was verified", async () => {
    const client = await createCertificate("Zoë", { ca: authority });
    const { port, told } = await start("tls", terminated({ clientAuth: { ca: authority.cert } }));
    await dial(port, { cert: client.cert, key: client.key });
    expect(readSsl(told().get(SSL) ?? Buffer.alloc(0))).to.include({ client: 0x07, verify: 0, [COMMON_NAME]: "Zoë" });
    expect(told().has(ALPN)).to.equal(false);
  });

  it("has only the server name when TLS passes through, and nothing of a client without TLS", async () => {
    const plain = await start("tcp", []);
    const client = cleanup.keep(await connect(plain.port));
    expect(await exchange(client, "hello")).to.equal("hello");
    expect(plain.told().size).to.equal(0);
    const passed = await start("tls", []);
    const hello = connectSecurely(passed.port, { servername: "passed.test", rejectUnauthorized: false });
    hello.catch(() => undefined);
    await eventually(() => expect(String(passed.told().get(AUTHORITY))).to.equal("passed.test"));
    expect([...passed.told().keys()]).to.deep.equal([AUTHORITY]);
  });

  it("has what is asked for, and no more", async () => {
    const { port, told } = await start("tls", terminated(), { proxyProtocolTlvs: ["authority", "authority"] });
    await dial(port, { ALPNProtocols: ["h2"] });
    expect([...told().keys()]).to.deep.equal([AUTHORITY]);
    const none = await start("tls", terminated(), {});
    await dial(none.port, { ALPNProtocols: ["h2"] });
    expect(none.told().size).to.equal(0);
  });

  it("is refused with version 1, which has no extensions, and without a header", async () => {
    for (const version of ["v1", undefined]) {
      const refusal = await start("tcp", [], { proxyProtocol: version, proxyProtocolTlvs: tlvs }).then(() => "started", String);
      expect(refusal).to.contain('upstream.proxyProtocolTlvs: expected proxyProtocol: "v2" with it');
    }
  });

  it("is read by HAProxy", async function () {
    const haproxy = requireTool(this, "haproxy");
    const port = await freePort();
    const file = join(temporaryFolder(cleanup), "haproxy.cfg");
    const says = 'http-request return status 200 content-type text/plain lf-string "%[fc_pp_authority]"';
    const times = "timeout connect 5s\n timeout client 10s\n timeout server 10s";
    writeFileSync(file, `defaults\n mode http\n ${times}\nlisten front\n bind 127.0.0.1:${port} accept-proxy\n ${says}\n`);
    startServer(cleanup, haproxy, ["-db", "-f", file]);
    await eventually(async () => (await connect(port)).destroy(), { within: 15_000 });
    const upstream: UpstreamOptions = { endpoints: [`127.0.0.1:${port}`], proxyProtocol: "v2", proxyProtocolTlvs: tlvs };
    const front = cleanup.keep(await startProxy({ listeners: { web: { listen: "tls://127.0.0.1:0", upstream, plugins: terminated() } } }));
    const client = await connectSecurely(front.port(), { ca: authority.cert, servername: "front.test", ALPNProtocols: ["http/1.1"] });
    client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(String(await readAll(client))).to.match(/^HTTP\/1.1 200 [^]*\r\n\r\nfront\.test$/);
  });
});
