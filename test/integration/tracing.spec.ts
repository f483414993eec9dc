import { expect } from "chai";
import { echo, retry, tlsTermination, tracing } from "sluice/plugins";
import { each } from "sluice/flow";
import { startProxy, startUpstream } from "sluice/testing";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { childrenOf, roots, startCollector } from "../support/otlp-collector.ts";
import type { ReceivedSpan } from "../support/otlp-traces.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { freePort } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

const names = ({ events }: ReceivedSpan): string[] => events.map(({ name }) => name);

describe("tracing() of sessions", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("makes one span per session, with one child per try", async () => {
    const collector = await startCollector(cleanup);
    const upstream = cleanup.keep(await startUpstream("echo"));
    const refused = `127.0.0.1:${await freePort()}`;
    const proxy = cleanup.keep(
      await startProxy({
        listeners: {
          db: {
            upstream: { endpoints: [refused, upstream.address as string], balance: "round-robin" },
            plugins: [tracing({ endpoint: collector.url }), retry({ delay: 0 })],
          },
        },
      }),
    );
    const client = await proxy.connect();
    await client.write("hello");
    await client.read(5);
    client.end();
    await client.readAll();
    await proxy.nextRecord();
    await proxy.close();

    expect(collector.asked[0]).to.equal("/v1/traces application/x-protobuf");
    const [session, ...more] = roots(collector.spans);
    if (session === undefined) throw new Error("no span came");
    expect(more).to.deep.equal([]);
    expect(session).to.deep.include({ name: "tcp db", kind: SERVER, status: { code: 0, message: "" } });
    expect(session.resource).to.include({ "service.name": "sluice", "telemetry.sdk.language": "nodejs" });
    expect(session.attributes).to.include({
      "sluice.listener": "db",
      "network.transport": "tcp",
      "network.type": "ipv4",
      "client.address": "127.0.0.1",
      "network.peer.address": "127.0.0.1",
      "server.port": proxy.port("db"),
      "sluice.upstream": upstream.address,
      "sluice.end.reason": "closed",
      "sluice.from_client.bytes": 5,
      "sluice.from_upstream.bytes": 5,
    });
    expect(session.attributes).to.not.have.property("error.type");
    expect(names(session)).to.deep.equal(["admitted", "first-byte-from-client", "first-byte-from-upstream"]);
    const tries = childrenOf(session, collector.spans);
    expect(
      tries.map(({ kind, attributes, status }) => [kind, attributes["server.port"], attributes["error.type"], status.code]),
    ).to.deep.equal([
      [CLIENT, Number(refused.split(":")[1]), "SLUICE_UPSTREAM_REFUSED", ERROR],
      [CLIENT, Number((upstream.address as string).split(":")[1]), undefined, 0],
    ]);
    expect(collector.spans).to.have.lengthOf(3);
  });

  it("reports why a session failed", async () => {
    const collector = await startCollector(cleanup);
    const proxy = cleanup.keep(
      await startProxy({ upstream: `127.0.0.1:${await freePort()}`, plugins: [tracing({ endpoint: collector.url })] }),
    );
    const client = await proxy.connect();
    await client.readAll();
    await proxy.nextRecord();
    await proxy.close();
    const [session] = roots(collector.spans);
    expect(session?.attributes).to.include({ "sluice.end.reason": "SLUICE_UPSTREAM_REFUSED", "error.type": "SLUICE_UPSTREAM_REFUSED" });
    expect(session?.status.code).to.equal(ERROR);
    expect(session?.status.message).to.include("127.0.0.1");
  });

  it("continues over reloads, with an event for each swap and each fault", async () => {
    const collector = await startCollector(cleanup);
    const upstream = cleanup.keep(await startUpstream("echo"));
    const config = (letter: string, sample?: number): Parameters<typeof startProxy>[0] => ({
      upstream: upstream.address,
      plugins: [
        tracing({ endpoint: collector.url, ...(sample === undefined ? {} : { sample }) }),
        plugin(
          "mark",
          {
            fromClient: (data) =>
              data.pipe(
                each((chunk) => {
                  if (chunk.includes("!")) throw new Error("boom");
                  return Buffer.concat([Buffer.from(letter), chunk]);
                }),
              ),
          },
          { onError: "bypass" },
        ),
      ],
    });
    const proxy = cleanup.keep(await startProxy(config("a")));
    const client = await proxy.connect();
    const say = async (text: string, answer: string): Promise<void> => {
      await client.write(text);
      expect(String(await client.read(answer.length))).to.equal(answer);
    };
    await say("x", "ax");
    await proxy.apply(config("b"));
    await say("x", "bx");
    // Other options too: the span goes on where it was.
    await proxy.apply(config("c", 0));
    await say("x", "cx");
    await say("!", "!");
    client.end();
    await client.readAll();
    await proxy.nextRecord();
    await proxy.close();
    const [session, ...more] = roots(collector.spans);
    expect(more).to.deep.equal([]);
    const told = session?.events.filter(({ name }) => name === "swap" || name === "fault");
    expect(told).to.deep.equal([
      { name: "swap", attributes: { "sluice.generation": 2 } },
      { name: "swap", attributes: { "sluice.generation": 3 } },
      {
        name: "fault",
        attributes: {
          "sluice.plugin": "mark",
          "error.type": "SLUICE_PLUGIN_FAILED",
          "error.message": told?.[2]?.attributes["error.message"],
        },
      },
    ]);
    expect(String(told?.[2]?.attributes["error.message"])).to.include("boom");
    expect(session?.attributes).to.include({ "sluice.end.reason": "closed", "sluice.generation": 3 });
  });

  it("begins for open sessions when a reload adds it, and sends their spans so far when a reload removes it", async () => {
    const collector = await startCollector(cleanup);
    const upstream = cleanup.keep(await startUpstream("echo"));
    const without = { upstream: upstream.address, plugins: [] };
    const proxy = cleanup.keep(await startProxy(without));
    const client = await proxy.connect();
    await client.write("x");
    await client.read(1);
    await proxy.apply({ ...without, plugins: [tracing({ endpoint: collector.url })] });
    await client.write("x");
    await client.read(1);
    await proxy.apply(without);
    const [session] = await collector.received(1);
    expect(session?.events).to.deep.equal([{ name: "swap", attributes: { "sluice.generation": 2 } }]);
    expect(session?.attributes).to.not.have.property("sluice.end.reason");
    expect(session?.attributes).to.include({ "sluice.from_client.bytes": 2 });
    await client.write("x");
    await client.read(1);
  });

  it("traces UDP, terminated TLS, unix sockets and IPv6", async function () {
    requireIpv6(this);
    const collector = await startCollector(cleanup);
    const use = tracing({ endpoint: collector.url });
    const udp = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const folder = temporaryFolder(cleanup);
    const proxy = cleanup.keep(
      await startProxy({
        timeouts: { udpIdle: 50 },
        listeners: {
          dns: { listen: "udp://127.0.0.1:0", upstream: udp.address, plugins: [use] },
          secure: {
            listen: "tls://127.0.0.1:0",
            plugins: [use, tlsTermination(await createCertificate("localhost")), echo()],
          },
          local: { listen: `unix://${folder}/s`, plugins: [use, echo()] },
          six: { listen: "tcp://[::1]:0", plugins: [use, echo()] },
        },
      }),
    );
    for (const name of ["secure", "local", "six"]) {
      const client = await proxy.connect(name);
      await client.write("x");
      await client.read(1);
      client.end();
      await client.readAll();
    }
    const client = await proxy.connect("dns");
    await client.send("x");
    await client.receive();
    await proxy.nextRecord();
    await proxy.nextRecord();
    await proxy.nextRecord();
    await proxy.nextRecord();
    await proxy.close();
    const of = (name: string): ReceivedSpan | undefined => roots(collector.spans).find((span) => span.name === name);
    expect(of("udp dns")?.attributes).to.include({ "network.transport": "udp", "sluice.from_client.bytes": 1 });
    expect(childrenOf(of("udp dns") as ReceivedSpan, collector.spans)).to.have.lengthOf(1);
    expect(of("tls secure")?.attributes).to.include({
      "network.transport": "tcp",
      "tls.client.server_name": "localhost",
      "server.address": "localhost",
      "tls.protocol.version": "1.3",
    });
    expect(names(of("tls secure") as ReceivedSpan)).to.include("tls");
    expect(of("unix local")?.attributes).to.include({ "network.transport": "unix", "network.local.address": `${folder}/s` });
    expect(of("tcp six")?.attributes).to.include({ "network.type": "ipv6", "client.address": "::1" });
    expect(roots(collector.spans)).to.have.lengthOf(4);
  });

  it("records the configured share", async () => {
    const collector = await startCollector(cleanup);
    const proxy = cleanup.keep(await startProxy({ plugins: [tracing({ endpoint: collector.url, sample: 0 }), echo()] }));
    const client = await proxy.connect();
    client.end("x");
    await client.readAll();
    await proxy.nextRecord();
    await proxy.close();
    expect(collector.spans).to.deep.equal([]);
    expect(collector.asked).to.deep.equal([]);
  });
});
