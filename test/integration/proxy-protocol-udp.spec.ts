import { expect } from "chai";
import type { PluginUse } from "sluice";
import { proxyProtocol } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { head, version1, version2 } from "../support/proxy-header.ts";
import { startUdpClient, type UdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const trusted = ["127.0.0.0/8"];
const header = version2({ family: 0x12 });
const behind = (text: string, before: Buffer | string = header): Buffer => Buffer.concat([Buffer.from(before), Buffer.from(text)]);

describe("proxyProtocol over UDP", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = async (
    ...plugins: PluginUse[]
  ): Promise<TestProxy & { client: UdpClient; ask: (datagram: Buffer | string) => Promise<string> }> => {
    const echo = cleanup.keep(await startUdpEcho());
    const listeners = { web: { listen: "udp://127.0.0.1:0", upstream: echo.endpoint, plugins } };
    const started = cleanup.keep(await startProxy({ listeners }));
    const client = await startUdpClient(cleanup, started.port());
    return { ...started, client, ask: async (datagram) => String(await client.ask(datagram)) };
  };

  it("removes the header from each datagram, and sends answers without one", async () => {
    const { ask, proxy } = await start(proxyProtocol({ from: trusted }));
    for (const text of ["one", "two", ""]) expect(await ask(behind(text))).to.equal(text);
    expect([...proxy.sessions].map(({ client, peer }) => [String(client), peer.address])).to.deep.equal([["192.0.2.1:50000", "127.0.0.1"]]);
  });

  it("also accepts lines of version 1 for datagrams, as nginx sends them", async () => {
    const { ask } = await start(proxyProtocol({ from: trusted }));
    expect(await ask(behind("one", version1()))).to.equal("one");
  });

  it('removes the header only from the first datagram with `datagrams: "first"`', async () => {
    const { ask } = await start(proxyProtocol({ from: trusted, datagrams: "first" }));
    expect(await ask(behind("one"))).to.equal("one");
    expect(await ask("two")).to.equal("two");
    expect(await ask(behind("three"))).to.equal(String(behind("three")));
  });

  for (const [what, datagram] of Object.entries({
    none: Buffer.from("hello"),
    "one that is cut off": header.subarray(0, 20),
    "an empty datagram": Buffer.alloc(0),
    "a malformed one": version2({ command: 0x31 }),
  })) {
    it(`refuses a session that begins with ${what}`, async () => {
      const { client, ended, ask } = await start(proxyProtocol({ from: trusted }));
      client.send(datagram);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
      expect(await ask(behind("good"))).to.equal("good");
    });
  }

  it("drops a later datagram with a wrong header, counts it, and continues", async () => {
    const { client, proxy, ask } = await start(proxyProtocol({ from: trusted }));
    const local = head({ command: 0x20, family: 0, body: Buffer.alloc(0) });
    expect(await ask(behind("one", local))).to.equal("one");
    for (const wrong of ["forged", header.subarray(0, 27), version2({ command: 0x31 })]) client.send(wrong);
    expect(await ask(behind("two", local))).to.equal("two");
    expect(client.received.map(String)).to.deep.equal(["one", "two"]);
    expect(proxy.status().counters["sluice_proxy_protocol_datagrams_dropped_total"]).to.equal(3);
  });

  it("makes one session per client behind one port of the proxy in front, and refuses a session without a valid header", async () => {
    const { client, proxy, ask, all } = await start(proxyProtocol({ from: trusted }));
    const of = (port: number): Buffer => version2({ family: 0x12, port });
    for (const round of [1, 2, 3])
      for (const port of [1, 2, 3]) expect(await ask(behind(`${port}.${round}`, of(port)))).to.equal(`${port}.${round}`);
    expect([...proxy.sessions].map((session) => [String(session.client), session.fromClient.chunks])).to.deep.equal([
      ["192.0.2.1:1", 3],
      ["192.0.2.1:2", 3],
      ["192.0.2.1:3", 3],
    ]);
    client.send("forged");
    await eventually(() => expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(["SLUICE_CLIENT_PROTOCOL"]));
    expect(await ask(behind("still there", of(2)))).to.equal("still there");
    expect(proxy.sessions.size).to.equal(3);
  });

  it("keeps the peer as the client if the header is LOCAL", async () => {
    const { ask, proxy } = await start(proxyProtocol({ from: trusted }));
    expect(await ask(behind("probe", head({ command: 0x20, family: 0, body: Buffer.alloc(0) })))).to.equal("probe");
    expect([...proxy.sessions].map(({ client }) => client.address)).to.deep.equal(["127.0.0.1"]);
  });

  it("serves peers that are not trusted without a header, and ends their session if they send one", async () => {
    const { ask, client, ended, all } = await start(proxyProtocol({ from: ["192.0.2.0/24"] }));
    expect(await ask("plain")).to.equal("plain");
    client.send(behind("forged"));
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
    await eventually(() => expect(all("session-ended")).to.have.lengthOf(1));
    expect(client.received.map(String)).to.deep.equal(["plain"]);
  });
});
