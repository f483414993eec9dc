import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, TLSSocket, type ConnectionOptions } from "node:tls";
import { firstValueFrom, of } from "rxjs";
import { SluiceError, type ServerTlsOptions, type SocketAddress } from "sluice";
import { tlsTermination } from "sluice/plugins";
import type { TlsTerminationOptions } from "../../../../plugins/tls-termination/options.ts";
import { TlsTermination } from "../../../../plugins/tls-termination/tls-termination.ts";
import { socketAddress } from "../../../../core/contract/addresses/address.ts";
import { startTls } from "../../../../core/net/accept/tls/start-tls.ts";
import { createCertificate } from "../../../support/certificates.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { createLog, createSession, parseOptions, type LogLine } from "../support/fakes.ts";

const day = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * day);

describe("tlsTermination", () => {
  const cleanup = createCleanup();
  let folder: string;
  let lines: LogLine[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
    cleanup.add(() => {
      rmSync(folder, { recursive: true, force: true });
    });
  });
  afterEach(async () => cleanup.run());

  const write = (name: string, text: string, mode = 0o600): void => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  };

  async function start(input: object, transport: "tls" | "udp" = "tls"): Promise<TlsTermination> {
    const log = createLog();
    ({ lines } = log);
    const place = {
      listener: "web",
      transport,
      datagrams: transport === "udp",
      helloFirst: transport === "tls",
      plugin: "tlsTermination",
      folder,
    };
    const plugin = new TlsTermination(parseOptions<TlsTerminationOptions>(tlsTermination, input), place, log.logger);
    cleanup.add(async () => plugin.teardown());
    await plugin.setup();
    return plugin;
  }

  /** What the plugin asks of the core's TLS for a session. @param serverName the name in its ClientHello */
  async function serverOptions(
    plugin: TlsTermination,
    local = socketAddress("127.0.0.1", 443, "IPv4"),
    serverName?: string,
  ): Promise<ServerTlsOptions> {
    let given: ServerTlsOptions | undefined;
    const { session } = createSession({
      local,
      tls: { serverName, alpn: [], versions: [] },
      startTls: async (options) => {
        given = options;
        return Promise.resolve({ serverName: undefined, alpn: [], versions: [] });
      },
    });
    await firstValueFrom(plugin.admit(of(session), session));
    if (given === undefined) throw new Error("startTls was not called");
    return given;
  }

  /** Shakes hands with a listener that speaks TLS as the plugin asks. @returns the client's socket, or the error's code */
  async function handshake(plugin: TlsTermination, options: ConnectionOptions = {}, local?: SocketAddress): Promise<TLSSocket | string> {
    const offer = await serverOptions(plugin, local, options.servername === "" ? undefined : options.servername);
    const listener = createServer((socket: Socket) => {
      socket.on("error", () => undefined);
      // A served connection is half-open and read by nobody here: it does not end with its client.
      cleanup.add(() => void socket.destroy());
      startTls(socket, "client", offer).then(
        (secured) => secured.socket.write("welcome"),
        () => socket.destroy(),
      );
    });
    await new Promise<void>((resolve) => void listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
    cleanup.add(async () => {
      client.destroy();
      await new Promise((resolve) => void listener.close(resolve));
    });
    return new Promise((resolve) => {
      client.once("data", () => {
        resolve(client);
      });
      client.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
      client.once("close", () => {
        resolve("closed");
      });
    });
  }

  const subjectOf = (result: TLSSocket | string): unknown => (typeof result === "string" ? result : result.getPeerCertificate().subject.CN);

  async function refusal(input: object): Promise<string> {
    const error: unknown = await start(input).catch((thrown: unknown) => thrown);
    if (!SluiceError.is(error)) throw new Error("setup() did not refuse", { cause: error });
    return `${error.code} ${error.message.replaceAll(folder, "")}`;
  }

  it("shows the certificate of the name asked for, exact before wildcard, in any case, and else the first", async () => {
    const plugin = await start({ selfSigned: ["first.test", "*.example.test", "www.example.test"] });
    const shown = await Promise.all(
      ["WWW.Example.Test", "api.example.test", "a.b.example.test", "example.test", undefined].map(async (servername) =>
        subjectOf(await handshake(plugin, servername === undefined ? {} : { servername })),
      ),
    );
    expect(shown).to.deep.equal(["www.example.test", "api.example.test", "first.test", "first.test", "first.test"]);
  });

  it("shows the same certificate however a name is spelt, in the options or by the client", async () => {
    const plugin = await start({ selfSigned: ["first.test", "Example.TEST.", "0:0:0:0:0:0:0:7"], ca: true });
    for (const servername of ["example.test", "example.test.", "EXAMPLE.test"])
      expect(subjectOf(await handshake(plugin, { servername })), servername).to.equal("example.test");
    expect(subjectOf(await handshake(plugin, {}, socketAddress("::7", 443, "IPv6")))).to.equal("address ::7");
  });

  it("shows localhost's certificate to a client that came to a loopback address and sends no server name", async () => {
    const plugin = await start({ selfSigned: ["first.test", "localhost"] });
    expect(subjectOf(await handshake(plugin))).to.equal("localhost");
  });

  it("makes certificates that a client verifies against ca.pem, by name and by address", async () => {
    const plugin = await start({ selfSigned: ["other.test", "localhost", "127.0.0.1"] });
    const ca = readFileSync(join(folder, ".sluice", "ca.pem"));
    for (const servername of ["localhost", ""]) {
      const client = await handshake(plugin, {
        ca,
        rejectUnauthorized: true,
        servername,
        ...(servername === "" ? {} : { host: "127.0.0.1" }),
      });
      expect(client).to.be.instanceOf(TLSSocket);
    }
  });

  it("uses the same options for every session, until the certificates change", async () => {
    const plugin = await start({ selfSigned: ["a.test"], ca: false });
    expect(await serverOptions(plugin)).to.equal(await serverOptions(plugin));
  });

  it("makes a lone certificate, and no CA, with ca: false", async () => {
    const plugin = await start({ selfSigned: ["lone.test"], ca: false });
    expect(subjectOf(await handshake(plugin, { servername: "lone.test" }))).to.equal("lone.test");
    expect(() => statSync(join(folder, ".sluice"))).to.throw("ENOENT");
  });

  it("speaks no TLS below 1.2, and none below 1.3 when told so", async () => {
    const plugin = await start({ selfSigned: ["a.test"], ca: false });
    const old = await handshake(plugin, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    expect(old).to.equal("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    const middle = await handshake(plugin, { maxVersion: "TLSv1.2" });
    expect(middle instanceof TLSSocket && middle.getProtocol()).to.equal("TLSv1.2");
    const strict = await start({ selfSigned: ["a.test"], ca: false, minVersion: "TLSv1.3" });
    expect(await handshake(strict, { maxVersion: "TLSv1.2" })).to.equal("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("refuses renegotiation", async () => {
    const client = await handshake(await start({ selfSigned: ["a.test"], ca: false }), { maxVersion: "TLSv1.2" });
    if (typeof client === "string") throw new Error(client);
    const error = await new Promise<Error | null>((resolve) => {
      client.on("error", resolve);
      client.renegotiate({}, resolve);
    });
    expect(error?.message).to.include("no renegotiation");
  });

  it("agrees on a protocol through ALPN", async () => {
    const plugin = await start({ selfSigned: ["a.test"], ca: false, alpn: ["h2", "http/1.1"], handshakeTimeout: "3s" });
    expect((await serverOptions(plugin)).ALPNProtocols).to.deep.equal(["h2", "http/1.1"]);
    expect(plugin.handshakeTimeout).to.equal(3_000);
  });

  it("asks for the client's certificate and refuses none, another CA's and an expired one", async () => {
    const authority = await createCertificate("Clients", { authority: true });
    const other = await createCertificate("Others", { authority: true });
    write("clients.pem", authority.cert);
    const clientAuth = { ca: "clients.pem" };
    const required = await start({ selfSigned: ["a.test"], ca: false, clientAuth });
    const right = await createCertificate("alice", { ca: authority });
    const expired = await createCertificate("bob", { ca: authority, notBefore: inDays(-3), notAfter: inDays(-1) });
    const foreign = await createCertificate("carol", { ca: other });
    expect(await handshake(required, right)).to.be.instanceOf(TLSSocket);
    for (const wrong of [{}, foreign, expired]) expect(await handshake(required, { ...wrong })).to.be.a("string");
    const optional = await start({ selfSigned: ["a.test"], ca: false, clientAuth: { ...clientAuth, require: false } });
    expect(await handshake(optional)).to.be.instanceOf(TLSSocket);
  });

  it("takes a bundle of client CAs, and refuses one with a broken part under the bundle's name", async () => {
    const [one, two] = await Promise.all([1, 2].map(async (n) => createCertificate(`Clients ${n}`, { authority: true })));
    if (one === undefined || two === undefined) throw new Error("no certificates");
    write("bundle.pem", `one\n${one.cert}\ntwo\n${two.cert}`);
    const plugin = await start({ selfSigned: ["a.test"], ca: false, clientAuth: { ca: "bundle.pem" } });
    for (const ca of [one, two]) expect(await handshake(plugin, await createCertificate("alice", { ca }))).to.be.instanceOf(TLSSocket);
    write("bundle.pem", `${one.cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
    expect(await refusal({ selfSigned: ["a.test"], ca: false, clientAuth: { ca: "bundle.pem" } })).to.match(
      /^SLUICE_CERTIFICATE_INVALID \/bundle.pem: certificate 2 of 2 cannot be read: /,
    );
    write("bundle.pem", one.key);
    expect(await refusal({ selfSigned: ["a.test"], ca: false, clientAuth: { ca: "bundle.pem" } })).to.include("no certificate can be read");
  });

  it("warns of a client CA that has expired", async () => {
    const { cert } = await createCertificate("Old", { authority: true, notBefore: inDays(-3), notAfter: inDays(-1) });
    write("old.pem", cert);
    await start({ selfSigned: ["a.test"], ca: false, clientAuth: { ca: "old.pem" } });
    expect(lines.map(({ message }) => message).join("\n")).to.match(/old.pem: the CA CN=Old expired at /);
  });

  it("appends the secrets to the key log, which only its owner may read, and warns of it", async () => {
    const plugin = await start({ selfSigned: ["a.test"], ca: false, keyLog: "keys.log" });
    await handshake(plugin);
    await plugin.teardown();
    expect(readFileSync(join(folder, "keys.log"), "utf8")).to.match(/^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ [0-9a-f]+$/m);
    expect(statSync(join(folder, "keys.log")).mode & 0o777).to.equal(0o600);
    expect(lines.map(({ level }) => level)).to.deep.equal(["warn"]);
  });

  it("takes changed files for new handshakes, keeps open sessions, and refuses a bad one", async () => {
    const [first, second] = await Promise.all([createCertificate("first.test"), createCertificate("second.test")]);
    write("cert.pem", first.cert);
    write("key.pem", first.key);
    const plugin = await start({ cert: "cert.pem", key: "key.pem" });
    const open = await handshake(plugin);
    write("cert.pem", second.cert);
    write("key.pem", second.key);
    await eventually(async () => {
      expect(subjectOf(await handshake(plugin))).to.equal("second.test");
    });
    write("cert.pem", "-----BEGIN CERTIFICATE-----\nbroken");
    await eventually(() => {
      expect(lines.some(({ message }) => message.startsWith("changed certificates refused"))).to.equal(true);
    });
    expect(subjectOf(await handshake(plugin))).to.equal("second.test");
    expect(open instanceof TLSSocket && !open.destroyed).to.equal(true);
  });

  it("refuses certificates that no client would take, with the file's name and the reason", async () => {
    const [good, other, expired, future] = await Promise.all([
      createCertificate("a.test"),
      createCertificate("b.test"),
      createCertificate("c.test", { notBefore: inDays(-3), notAfter: inDays(-1) }),
      createCertificate("d.test", { notBefore: inDays(1), notAfter: inDays(3) }),
    ]);
    const pairs = { good, other, expired, future };
    for (const [name, { cert, key }] of Object.entries(pairs)) {
      write(`${name}.pem`, cert);
      write(`${name}-key.pem`, key);
    }
    write("text.pem", "hello");
    const refused = async (cert: string, key: string): Promise<string> => refusal({ cert, key });
    expect(await refused("expired.pem", "expired-key.pem")).to.match(/^SLUICE_CERTIFICATE_INVALID \/expired.pem: the certificate expired/);
    expect(await refused("future.pem", "future-key.pem")).to.match(/\/future.pem: the certificate is not yet valid/);
    expect(await refused("good.pem", "other-key.pem")).to.match(/\/other-key.pem: the key does not match the certificate in \/good.pem/);
    expect(await refused("missing.pem", "good-key.pem")).to.match(/\/missing.pem: cannot read the cert: ENOENT/);
    expect(await refused("text.pem", "good-key.pem")).to.match(/\/text.pem: the cert holds no PEM/);
    expect(await refusal({ certificates: [{ names: ["a.test"], cert: good.cert, key: other.key }] })).to.match(
      / key: the key does not match/,
    );
  });

  it("warns of a certificate that ends within 14 days, of a key that others may read, and of a name not covered", async () => {
    const soon = await createCertificate("a.test", { notAfter: inDays(13) });
    write("soon.pem", soon.cert);
    write("soon-key.pem", soon.key, 0o644);
    await start({ certificates: [{ names: ["a.test", "b.test"], cert: "soon.pem", key: "soon-key.pem" }] });
    const warnings = lines.filter(({ level }) => level === "warn").map(({ message }) => message.replaceAll(folder, ""));
    expect(warnings).to.have.length(3);
    expect(warnings[0]).to.match(/^\/soon.pem: the certificate expires in 12 days/);
    expect(warnings[1]).to.match(/^\/soon-key.pem: others may read this private key/);
    expect(warnings[2]).to.equal("/soon.pem: the certificate does not cover b.test");
  });

  it("refuses a UDP listener", async () => {
    const error: unknown = await start({ selfSigned: ["a.test"], ca: false }, "udp").catch((thrown: unknown) => thrown);
    expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CONFIG_INVALID");
  });
});
