import { expect } from "chai";
import { decode, type Answer } from "dns-packet";
import { dnsCache } from "sluice/plugins";
import { createSession, refusedPaths } from "../support/fakes.ts";
import { answerTo, connect, createDnsBench, opt, query, soa } from "./dns-messages.ts";

const SERVFAIL = 2;
const REFUSED = 5;
const NOTIMP = 4;

describe("dnsCache on a UDP listener", () => {
  it("answers the second query itself, with its id, its spelling and the TTL counted down", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    const two = client();
    one.send(query(1, "www.example.test"));
    one.reply(answerTo(query(1, "www.example.test")));
    expect(one.ttls()).to.deep.equal([300]);
    clock.advance(9_500);
    two.send(query(77, "wWw.ExAmple.TEST"));
    expect(two.asked).to.deep.equal([]);
    expect(two.last().id).to.equal(77);
    expect(two.last().questions).to.deep.equal([{ type: "A", class: "IN", name: "wWw.ExAmple.TEST" }]);
    expect(two.ttls()).to.deep.equal([290]);
  });

  it("asks the upstream once for a thousand who ask at the same time, and answers each with its own id, a few at a time", () => {
    const { clock, client } = createDnsBench();
    const clients = Array.from({ length: 1_000 }, () => client());
    for (const [id, one] of clients.entries()) one.send(query(id));
    const asked = clients.flatMap((one) => one.asked);
    expect(asked).to.have.length(1);
    clients[0]?.reply(answerTo(asked[0] ?? Buffer.alloc(0)));
    expect(clients.filter((one) => one.got.length > 0)).to.have.length(65);
    clock.advance(0);
    expect(clients.map((one) => one.last().id)).to.deep.equal(clients.map((_one, id) => id));
    expect(clients.every((one) => one.got.length === 1)).to.equal(true);
  });

  it("keeps apart what has another answer: type, DO, CD, EDNS and its payload size", () => {
    const { client } = createDnsBench();
    const one = client();
    const variants = [
      query(1),
      query(2, "www.example.test", { type: "AAAA" }),
      query(3, "www.example.test", { flags: 0 }),
      query(4, "www.example.test", { flags: 0x0110 }),
      query(5, "www.example.test", { edns: {} }),
      query(6, "www.example.test", { edns: { flags: 0x8000 } }),
      query(7, "www.example.test", { edns: { size: 4_096 } }),
      query(8, "www.example.tesu"),
    ];
    for (const variant of variants) one.send(variant);
    expect(one.asked).to.deep.equal(variants);
  });

  it("does not give one client the cookie of another", () => {
    const { client } = createDnsBench();
    const one = client();
    const two = client();
    const asked = query(1, "www.example.test", { edns: { cookie: "client-1" } });
    one.send(asked);
    one.reply(answerTo(asked, { additionals: [opt(1_232, 0, "client-1server-1")] }));
    expect(one.got[0]?.includes("client-1")).to.equal(true);
    two.send(query(2, "www.example.test", { edns: { cookie: "client-2" } }));
    expect(two.asked).to.deep.equal([]);
    expect(two.got[0]?.includes("client-1")).to.equal(false);
    expect(two.last().additionals?.[0]).to.deep.include({ type: "OPT", udpPayloadSize: 1_232, options: [] });
  });

  it("leaves the flags of OPT and records it does not know as they came", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    const asked = query(1, "www.example.test", { edns: { flags: 0x8000 } });
    const known: Answer = { type: "NULL", name: "www.example.test", ttl: 300, data: Buffer.from("raw") };
    const withNull = answerTo(asked, { answers: [known], additionals: [opt(1_232, 0x8000)] });
    one.send(asked);
    one.reply(withNull);
    clock.advance(10_000);
    one.send(query(2, "www.example.test", { edns: { flags: 0x8000 } }));
    const expected = Buffer.from(withNull);
    expected.writeUInt16BE(2, 0);
    expected.writeUInt32BE(290, expected.indexOf(Buffer.from([0, 0, 1, 0x2c])));
    expect(one.got[1]?.toString("hex")).to.equal(expected.toString("hex"));
  });

  it("answers SERVFAIL, and keeps nothing, when aliases lead back to themselves", () => {
    const answers: Answer[] = [
      { type: "CNAME", name: "www.example.test", ttl: 300, data: "a.example.test" },
      { type: "CNAME", name: "A.example.test", ttl: 300, data: "WWW.example.test" },
    ];
    const { client } = createDnsBench();
    const one = client();
    const two = client();
    one.send(query(1));
    two.send(query(2));
    one.reply(answerTo(query(1), { answers }));
    for (const [asker, id] of [
      [one, 1],
      [two, 2],
    ] as const) {
      expect(asker.last()).to.include({ id, rcode: "SERVFAIL", flag_rd: true });
      expect(asker.last().answers).to.deep.equal([]);
    }
    two.send(query(3));
    expect(two.asked).to.have.length(1);
  });

  it("passes on, and does not keep, an answer to another question or id", () => {
    const { client } = createDnsBench();
    const one = client();
    one.send(query(1));
    const forged = [answerTo(query(2)), answerTo(query(1, "evil.example.test")), query(1)];
    for (const datagram of forged) one.reply(datagram);
    expect(one.got).to.deep.equal(forged);
    const two = client();
    two.send(query(3));
    expect(two.got).to.deep.equal([]);
    one.reply(answerTo(query(1)));
    expect(two.last().id).to.equal(3);
  });

  it("tells apart what one client asks at the same time under one id", () => {
    const { client } = createDnsBench();
    const one = client();
    const names = ["a.example.test", "b.example.test"];
    for (const name of names) one.send(query(0, name));
    for (const name of names) one.reply(answerTo(query(0, name)));
    for (const name of names) one.send(query(0, name));
    expect(one.asked).to.have.length(2);
    expect(one.got.map((datagram) => decode(datagram).answers?.[0]?.name)).to.deep.equal([...names, ...names]);
  });

  it("passes everything on that is no plain query", () => {
    const { client } = createDnsBench();
    const one = client();
    const plain = query(1);
    const twoQuestions = Buffer.from(plain);
    twoQuestions.writeUInt16BE(2, 4);
    const notify = Buffer.from(plain);
    notify.writeUInt16BE(0x2000, 2);
    const odd = [Buffer.alloc(0), Buffer.from("hello"), plain.subarray(0, 20), Buffer.concat([plain, plain]), twoQuestions, notify];
    odd.push(query(1, "www.example.test", { type: "ANY" }), answerTo(plain));
    for (const datagram of odd) {
      one.send(datagram);
      one.send(datagram);
    }
    expect(one.asked).to.deep.equal(odd.flatMap((datagram) => [datagram, datagram]));
    expect(one.got).to.deep.equal([]);
  });

  it("sends a repeated query upstream again after a second, and not before", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    one.send(query(1));
    clock.advance(999);
    one.send(query(1));
    expect(one.asked).to.have.length(1);
    clock.advance(1);
    one.send(query(1));
    expect(one.asked).to.have.length(2);
  });

  it("sends anybody's query upstream again when the first went unanswered for a second: it may be lost", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    const two = client();
    one.send(query(1));
    clock.advance(999);
    one.send(query(2));
    two.send(query(3));
    expect([one.asked.length, two.asked.length]).to.deep.equal([1, 0]);
    clock.advance(1);
    two.send(query(4));
    one.send(query(5));
    expect([one.asked.length, two.asked.length]).to.deep.equal([1, 1]);
    two.reply(answerTo(query(4)));
    expect(one.got.map((datagram) => decode(datagram).id)).to.deep.equal([1, 2, 5]);
    expect(two.got.map((datagram) => decode(datagram).id)).to.deep.equal([3, 4]);
  });

  it("forgets a query without an answer after five seconds, and at once when its session ended", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    const two = client();
    const three = client();
    one.send(query(1));
    clock.advance(5_000);
    expect(clock.timers).to.equal(0);
    two.send(query(2));
    expect(two.asked).to.have.length(1);
    two.end();
    three.send(query(3));
    expect(three.asked).to.have.length(1);
  });

  it("serves a stale answer with a TTL of 30 s when the upstream fails or is silent", () => {
    for (const rcode of [undefined, SERVFAIL, REFUSED, NOTIMP]) {
      const { clock, client } = createDnsBench({ staleIfError: "10m" });
      const one = client();
      one.send(query(1));
      one.reply(answerTo(query(1)));
      clock.advance(400_000);
      one.send(query(2));
      expect(one.asked).to.have.length(2);
      if (rcode === undefined) clock.advance(1_800);
      else one.reply(answerTo(query(2), { rcode, answers: [] }));
      expect(one.last()).to.include({ id: 2, rcode: "NOERROR" });
      expect(one.ttls()).to.deep.equal([30]);
      one.send(query(3));
      expect(one.asked).to.have.length(2);
      expect(one.last().id).to.equal(3);
      clock.advance(600_000);
      one.send(query(4));
      expect(one.asked).to.have.length(3);
      expect(one.got).to.have.length(3);
    }
  });

  it("goes on over a reload: answers, and those who wait for one", () => {
    for (const max of [10_000, 5]) {
      const before = createDnsBench();
      const fake = createSession({ transport: "udp" });
      const old = connect(before.plugin, fake);
      old.send(query(1, "kept.example.test"));
      old.reply(answerTo(query(1, "kept.example.test")));
      old.send(query(2, "asked.example.test"));
      const after = createDnsBench({ max }, before.clock);
      after.plugin.inherit(before.plugin);
      const swapped = connect(after.plugin, fake);
      const waiting = after.client();
      waiting.send(query(3, "asked.example.test"));
      before.plugin.teardown();
      waiting.send(query(4, "kept.example.test"));
      expect(waiting.asked).to.deep.equal([]);
      expect(waiting.last().id).to.equal(4);
      swapped.reply(answerTo(query(2, "asked.example.test")));
      expect(waiting.last().id).to.equal(3);
    }
  });

  it("leaves no timer behind", () => {
    const { clock, plugin, client } = createDnsBench();
    client().send(query(1));
    expect(clock.timers).to.equal(1);
    plugin.teardown();
    expect(clock.timers).to.equal(0);
  });

  it("leaves DNS over TCP alone", () => {
    const { plugin } = createDnsBench();
    const one = connect(plugin, createSession({ transport: "tcp" }));
    one.send(query(1));
    one.reply(answerTo(query(1)));
    one.send(query(1));
    expect([one.asked.length, one.got.length]).to.deep.equal([2, 1]);
  });

  it("survives any mutation of a message", () => {
    const { client } = createDnsBench();
    const asked = query(1, "www.example.test", { edns: { cookie: "client-1" } });
    const answered = answerTo(asked, { authorities: [soa(1, 1)], additionals: [opt(1_232, 0, "client-1")] });
    for (const base of [asked, answered]) {
      for (let at = 0; at < base.length; at += 1) {
        for (const value of [0x00, 0xc0, 0xff]) {
          const mutated = Buffer.from(base);
          mutated[at] = value;
          const one = client();
          one.send(asked);
          one.send(mutated);
          one.reply(mutated);
          one.reply(mutated.subarray(0, at));
          expect(one.got.length).to.be.within(1, 4);
        }
      }
    }
    expect(decode(answered).answers).to.have.length(1);
  });

  const wrong: Record<string, unknown> = { max: 0, minTtl: "-1s", maxTtl: "long", negativeTtl: null, staleIfError: "1 year", ttl: 1 };
  for (const [option, value] of Object.entries(wrong)) {
    it(`refuses ${option}: ${JSON.stringify(value)}`, () => {
      expect(refusedPaths(dnsCache, { [option]: value })).to.deep.equal([option]);
    });
  }

  it("refuses a minTtl above maxTtl", () => {
    expect(refusedPaths(dnsCache, { minTtl: "2m", maxTtl: "1m" })).to.deep.equal(["minTtl"]);
  });
});
