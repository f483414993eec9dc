import { expect } from "chai";
import type { DecodedPacket } from "dns-packet";
import { asyncScheduler } from "rxjs";
import { CLOCK, createProxy } from "sluice";
import { dnsCache } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import {
  address,
  dnsClient,
  NXDOMAIN,
  SERVFAIL,
  soa,
  withNameServer,
  type DnsClient,
  type NameServer,
  type Reply,
} from "../support/name-server.ts";

const logger = createLogger({ level: "silent" });

interface Bench {
  readonly server: NameServer;
  readonly client: DnsClient;
  /** Puts the cache's clock forward. */
  readonly forward: (seconds: number) => void;
  readonly another: () => Promise<DnsClient>;
}

const rcodeOf = ({ rcode }: DecodedPacket & { rcode?: string }): string | undefined => rcode;
const ttlsOf = ({ answers = [] }: DecodedPacket): (number | undefined)[] =>
  answers.map((answer) => ("ttl" in answer ? answer.ttl : undefined));

describe("A DNS listener with dnsCache", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function withListener(says: (question: string) => Reply | undefined, run: (bench: Bench) => Promise<void>): Promise<void> {
    await withNameServer(says, async (server) => {
      let ahead = 0;
      const clock = Object.assign(Object.create(asyncScheduler) as object, { now: () => 1_700_000_000_000 + ahead });
      const proxy = await createProxy(
        {
          providers: [{ token: CLOCK, useValue: clock }],
          limits: { udpSessions: 2_000 },
          listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: server.endpoint, plugins: [dnsCache()] } },
        },
        { logger },
      );
      cleanup.add(() => proxy.close());
      const another = async (): Promise<DnsClient> => cleanup.keep(await dnsClient(proxy.listeners["dns"]?.address.port ?? 0));
      const forward = (seconds: number): void => void (ahead += seconds * 1_000);
      await run({ server, client: await another(), forward, another });
    });
  }

  const found = (ttl: number) => (): Reply => ({ answers: [address("www.test", "192.0.2.7", ttl)] });

  it("answers the second query from the cache, with its own id and a lower TTL", async () => {
    await withListener(found(300), async ({ server, client, forward, another }) => {
      const first = await client.ask(1_111, "www.test");
      expect(first.id).to.equal(1_111);
      expect(ttlsOf(first)).to.deep.equal([300]);
      forward(100);
      const second = await (await another()).ask(2_222, "WWW.test");
      expect(second.id).to.equal(2_222);
      expect(ttlsOf(second)).to.deep.equal([200]);
      expect(second.questions?.[0]?.name).to.equal("WWW.test");
      expect(server.questions).to.deep.equal(["A www.test"]);
    });
  });

  it("asks again once the TTL is over", async () => {
    await withListener(found(10), async ({ server, client, forward }) => {
      await client.ask(1, "www.test");
      forward(9);
      await client.ask(2, "www.test");
      expect(server.questions).to.have.length(1);
      forward(2);
      expect(ttlsOf(await client.ask(3, "www.test"))).to.deep.equal([10]);
      expect(server.questions).to.have.length(2);
    });
  });

  it("never reuses an answer with a TTL of 0", async () => {
    await withListener(found(0), async ({ server, client }) => {
      for (const id of [1, 2, 3]) {
        await client.ask(id, "www.test");
        expect(server.questions).to.have.length(id);
      }
    });
  });

  it("sends one query for 1,000 that come at once, and answers each with its own id", async () => {
    await withListener(found(300), async ({ server, client, another }) => {
      const clients = [client, ...(await Promise.all(Array.from({ length: 9 }, another)))];
      const asked = Array.from({ length: 1_000 }, (_, id) => (clients[id % clients.length] ?? client).ask(id, "www.test"));
      const packets = await Promise.all(asked);
      expect(packets.map(({ id }) => id)).to.deep.equal(Array.from({ length: 1_000 }, (_, id) => id));
      expect(packets.every(({ answers = [] }) => answers.length === 1)).to.equal(true);
      expect(server.questions).to.deep.equal(["A www.test"]);
    });
  });

  for (const [what, rcode] of [
    ["that the name does not exist", NXDOMAIN],
    ["that the name has no such record", 0],
  ] as const) {
    it(`keeps the answer ${what} for the smaller of the SOA's TTL and minimum`, async () => {
      await withListener(
        () => ({ rcode, authorities: [soa(60, 20)] }),
        async ({ server, client, forward }) => {
          const first = await client.ask(1, "gone.test");
          expect(first.answers).to.deep.equal([]);
          expect(rcodeOf(first)).to.equal(rcode === 0 ? "NOERROR" : "NXDOMAIN");
          forward(19);
          expect(rcodeOf(await client.ask(2, "gone.test"))).to.equal(rcodeOf(first));
          expect(server.questions).to.have.length(1);
          forward(2);
          await client.ask(3, "gone.test");
          expect(server.questions).to.have.length(2);
        },
      );
    });
  }

  it("keeps a server's failure for at most five seconds, and only for that name", async () => {
    const failing = (question: string): Reply => (question.includes("bad") ? { rcode: SERVFAIL } : found(300)());
    await withListener(failing, async ({ server, client, forward }) => {
      expect(rcodeOf(await client.ask(1, "bad.test"))).to.equal("SERVFAIL");
      expect(rcodeOf(await client.ask(2, "www.test"))).to.equal("NOERROR");
      forward(5.1);
      await client.ask(3, "bad.test");
      expect(server.questions).to.deep.equal(["A bad.test", "A www.test", "A bad.test"]);
    });
  });

  it("keeps a chain of aliases for the shortest TTL in it", async () => {
    const chain = (): Reply => ({
      answers: [
        { type: "CNAME", name: "www.test", ttl: 300, data: "edge.test" },
        { type: "CNAME", name: "edge.test", ttl: 30, data: "node.test" },
        address("node.test", "192.0.2.7", 600),
      ],
    });
    await withListener(chain, async ({ server, client, forward }) => {
      await client.ask(1, "www.test");
      forward(29);
      expect(ttlsOf(await client.ask(2, "www.test"))).to.deep.equal([271, 1, 571]);
      forward(2);
      await client.ask(3, "www.test");
      expect(server.questions).to.have.length(2);
    });
  });

  it("answers a loop of aliases with SERVFAIL", async () => {
    const loop = (): Reply => ({
      answers: [
        { type: "CNAME", name: "www.test", ttl: 300, data: "edge.test" },
        { type: "CNAME", name: "edge.test", ttl: 300, data: "www.test" },
      ],
    });
    await withListener(loop, async ({ client }) => {
      const answer = await client.ask(1, "www.test");
      expect(rcodeOf(answer)).to.equal("SERVFAIL");
      expect(answer.answers).to.deep.equal([]);
    });
  });

  it("serves other names while one name's server does not answer", async () => {
    const silent = (question: string): Reply | undefined => (question.includes("bad") ? undefined : found(300)());
    await withListener(silent, async ({ client, another }) => {
      const hanging = (await another()).ask(7, "bad.test").catch(() => "no answer");
      expect(rcodeOf(await client.ask(1, "www.test"))).to.equal("NOERROR");
      void hanging;
    });
  });

  it("keeps A and AAAA answers separate", async () => {
    const both = (question: string): Reply =>
      question.startsWith("AAAA") ? { answers: [{ type: "AAAA", name: "www.test", ttl: 60, data: "2001:db8::1" }] } : found(60)();
    await withListener(both, async ({ server, client }) => {
      expect((await client.ask(1, "www.test")).answers?.[0]?.type).to.equal("A");
      expect((await client.ask(2, "www.test", "AAAA")).answers?.[0]?.type).to.equal("AAAA");
      expect((await client.ask(3, "www.test", "AAAA")).answers?.[0]?.type).to.equal("AAAA");
      expect(server.questions).to.deep.equal(["A www.test", "AAAA www.test"]);
    });
  });
});
