import { expect } from "chai";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer, request, Agent } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import type { Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { definePlugin, type ListenerConfig } from "sluice";
import { from, mergeMap } from "rxjs";
import { capture, http, tlsTermination } from "sluice/plugins";
import { startProxy, type TestProxy } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { connect, portOf } from "../support/sockets.ts";
import { follow, packetsOf } from "../support/tshark.ts";
import { startAdmin } from "../support/with-admin.ts";

const answer: RequestListener = (asked, response) => {
  response.end(`you asked for ${asked.url ?? ""}`);
};

describe("tshark decrypts what capture({ secrets: true }) writes", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let tshark: string;
  let certificate: TestCertificate;
  let file: string;
  before(async function () {
    tshark = requireTool(this, "tshark");
    certificate = await createCertificate("localhost");
  });
  beforeEach(() => {
    file = join(temporaryFolder(cleanup), "test.pcapng");
  });
  afterEach(() => cleanup.run());

  const upstream = async (server: Server): Promise<string> => {
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    return `127.0.0.1:${portOf(server)}`;
  };
  const start = async (listener: Partial<ListenerConfig>): Promise<TestProxy> =>
    cleanup.keep(
      await startProxy({
        listen: "tls://127.0.0.1:0",
        plugins: [tlsTermination({ ...certificate }), capture({ file, secrets: true })],
        ...listener,
      }),
    );
  /** Asks by HTTPS, on a connection of its own unless there is an agent. */
  const ask = async (
    proxy: { port(): number },
    path: string,
    maxVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.3",
    agent = new Agent({ maxCachedSessions: 0 }),
  ): Promise<string> => {
    const asked = request({ agent, host: "127.0.0.1", port: proxy.port(), path, maxVersion, rejectUnauthorized: false });
    asked.end();
    const [response] = (await eventOf(asked, "response")) as [NodeJS.ReadableStream];
    return text(response);
  };
  /** Where tshark finds a TLS stream's HTTP: the interface, and the path or body. */
  const spoken = (): Promise<string[][]> =>
    packetsOf(tshark, file, ["frame.interface_name", "http.request.uri", "http.file_data"], "http && tls");

  for (const version of ["TLSv1.3", "TLSv1.2"] as const)
    it(`for a client with ${version}: the file has the original TLS, with the HTTP inside it`, async () => {
      const proxy = await start({ upstream: await upstream(createServer(answer)) });
      expect(await ask(proxy, "/secret-path", version)).to.equal("you asked for /secret-path");
      await proxy.nextRecord();
      await proxy.close();
      expect(await spoken()).to.deep.equal([
        ["client leg", "/secret-path", ""],
        ["client leg", "", "you asked for /secret-path"],
      ]);
      const [followed] = await follow(tshark, file, "tls", [0]);
      // Which side tshark calls the first one differs with the version.
      expect([followed?.fromClient, followed?.fromUpstream].map(String).toSorted().join("\n"))
        .to.match(/^GET \/secret-path HTTP/)
        .and.match(/you asked for \/secret-path$/);
      const packets = await packetsOf(tshark, file, ["frame.interface_name", "tls.handshake.type", "tcp.payload", "tcp.analysis.flags"]);
      const encrypted = packets.filter(([leg]) => leg === "client leg");
      expect(encrypted.filter(([, handshake = ""]) => handshake.split(",").includes("1"))).to.have.lengthOf(1);
      expect(encrypted.map(([, , payload = ""]) => payload).join("")).to.not.include(Buffer.from("/secret-path").toString("hex"));
      expect(packets.filter(([, , , flags = ""]) => flags !== "")).to.deep.equal([]);
    });

  for (const version of ["TLSv1.3", "TLSv1.2"] as const)
    it(`towards an upstream with ${version}, also on both legs of one session`, async () => {
      const endpoint = await upstream(createTlsServer({ ...certificate, maxVersion: version }, answer));
      const proxy = await start({ upstream: { endpoints: [endpoint], tls: { verify: false } } });
      expect(await ask(proxy, "/both")).to.equal("you asked for /both");
      await proxy.nextRecord();
      await proxy.close();
      expect(await spoken()).to.have.deep.members([
        ["client leg", "/both", ""],
        ["upstream leg", "/both", ""],
        ["upstream leg", "", "you asked for /both"],
        ["client leg", "", "you asked for /both"],
      ]);
    });

  it("HTTP/2 that is terminated by http()", async () => {
    const proxy = await start({
      upstream: await upstream(createServer(answer)),
      plugins: [tlsTermination({ ...certificate, alpn: ["h2"] }), http(), capture({ file, secrets: true })],
    });
    const client = connectHttp2(`https://127.0.0.1:${proxy.port()}`, { rejectUnauthorized: false });
    expect(await text(client.request({ ":path": "/two" }))).to.equal("you asked for /two");
    client.close();
    await proxy.nextRecord();
    await proxy.close();
    const paths = await packetsOf(tshark, file, ["http2.headers.path"], 'http2.headers.path && frame.interface_name == "client leg"');
    expect(paths).to.deep.equal([["/two"]]);
  });

  it("while connections that were already open stay plain text, in a file that only its owner can read", async () => {
    writeFileSync(file, "", { mode: 0o644 });
    chmodSync(file, 0o644);
    const listener = { listen: "tls://127.0.0.1:0", upstream: await upstream(createServer(answer)) } as const;
    const tls = tlsTermination({ ...certificate });
    const proxy = cleanup.keep(await startProxy({ ...listener, plugins: [tls] }));
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    expect(await ask(proxy, "/unseen", "TLSv1.3", agent)).to.equal("you asked for /unseen");
    await proxy.apply({ ...listener, plugins: [tls, capture({ file, secrets: true })] });
    expect(await ask(proxy, "/plain", "TLSv1.3", agent)).to.equal("you asked for /plain");
    agent.destroy();
    await proxy.nextRecord();
    await proxy.close();
    const [followed] = await follow(tshark, file, "tcp", [0]);
    expect(String(followed?.fromClient)).to.match(/^GET \/plain HTTP/);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(proxy.log.filter(({ msg }) => String(msg).includes("secrets of TLS sessions"))).to.have.lengthOf(1);
  });

  it("also if a POST starts the capture, without a reload, and for a session whose upstream connects later", async () => {
    const folder = temporaryFolder(cleanup);
    let connects = (): void => undefined;
    const connecting = new Promise<void>((resolve) => (connects = resolve));
    const late = definePlugin("late", () => ({ connect: (attempt) => from(connecting).pipe(mergeMap(() => attempt)) }));
    const { proxy, api, port } = await startAdmin(
      {
        listeners: {
          web: {
            listen: "tls://127.0.0.1:0",
            upstream: await upstream(createServer(answer)),
            plugins: [tlsTermination({ ...certificate })],
          },
          late: {
            listen: "tcp://127.0.0.1:0",
            upstream: { endpoints: [await upstream(createTlsServer({ ...certificate }, answer))], tls: { verify: false } },
            plugins: [late()],
          },
        },
      },
      { folder },
    );
    cleanup.add(() => proxy.close());
    const begin = (json: object): Promise<{ status: number }> => api.call("POST", "captures", { json });
    expect((await begin({ listener: "web", secrets: "yes" })).status).to.equal(400);
    expect((await begin({ listener: "web", file: "web.pcapng", secrets: true })).status).to.equal(200);
    expect(await ask({ port }, "/asked-for")).to.equal("you asked for /asked-for");
    const socket = cleanup.keep(await connect(port("late")));
    await eventually(async () =>
      expect((await api.get<{ sessions: object[] }>("sessions?filter=listener:late+state:open")).sessions).to.have.lengthOf(1),
    );
    const { sessions } = await api.get<{ sessions: { id: number }[] }>("sessions?filter=listener:late+state:open");
    expect((await begin({ session: sessions[0]?.id, file: "late.pcapng", secrets: true })).status).to.equal(200);
    socket.end("GET /late HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    connects();
    expect(await text(socket)).to.match(/you asked for \/late$/);
    await eventually(async () =>
      expect((await api.get<{ captures: { state: string }[] }>("captures")).captures.map(({ state }) => state)).to.include("ended"),
    );
    await proxy.close();
    expect(proxy.generation).to.equal(1);
    for (const [name, expected] of [
      ["web.pcapng", [["client leg", "/asked-for"]]],
      ["late.pcapng", [["upstream leg", "/late"]]],
    ] as const) {
      file = join(folder, name);
      const asked = (await spoken()).filter(([, path]) => path !== "").map((each) => each.slice(0, 2));
      expect(asked, name).to.deep.equal(expected);
      expect(statSync(file).mode & 0o777, name).to.equal(0o600);
    }
  });
});
