import { expect } from "chai";
import { TRUNCATED_RESPONSE, type Answer } from "dns-packet";
import { answerTo, createDnsBench, query, soa, type AnswerOptions } from "./dns-messages.ts";

const SERVFAIL = 2;
const NXDOMAIN = 3;
const none: Answer[] = [];

/** How many queries reach the upstream when the same question comes again after so many milliseconds. */
function askedAgain(after: number, answer: AnswerOptions, options: object = {}): number {
  const { clock, client } = createDnsBench(options);
  const one = client();
  one.send(query(1));
  one.reply(answerTo(query(1), answer));
  clock.advance(after);
  one.send(query(2));
  return one.asked.length;
}

describe("how long a DNS answer is kept", () => {
  it("asks again when the lowest TTL of an answer is over", () => {
    const answers: Answer[] = [
      { type: "CNAME", name: "www.example.test", ttl: 20, data: "host.example.test" },
      { type: "A", name: "host.example.test", ttl: 300, data: "192.0.2.1" },
    ];
    expect(askedAgain(19_999, { answers })).to.equal(1);
    expect(askedAgain(20_000, { answers })).to.equal(2);
  });

  it("never uses an answer with TTL 0 again", () => {
    const answers: Answer[] = [{ type: "A", name: "www.example.test", ttl: 0, data: "192.0.2.1" }];
    expect(askedAgain(0, { answers }, { minTtl: "1m" })).to.equal(2);
  });

  it("keeps answers at least minTtl and at most maxTtl", () => {
    expect(askedAgain(599_999, {}, { minTtl: "10m" })).to.equal(1);
    expect(askedAgain(60_000, {}, { maxTtl: "1m" })).to.equal(2);
  });

  for (const [title, rcode] of [
    ["NXDOMAIN", NXDOMAIN],
    ["NODATA", 0],
  ] as const) {
    it(`keeps ${title} for the lesser of the SOA's TTL and minimum`, () => {
      for (const record of [soa(30, 900), soa(900, 30)]) {
        const answer = { rcode, answers: none, authorities: [record] };
        expect(askedAgain(29_999, answer)).to.equal(1);
        expect(askedAgain(30_000, answer)).to.equal(2);
      }
      expect(askedAgain(60_000, { rcode, answers: none, authorities: [soa(900, 900)] }, { maxTtl: "1m" })).to.equal(2);
    });

    it(`keeps ${title} without a SOA for negativeTtl`, () => {
      expect(askedAgain(4_999, { rcode, answers: none })).to.equal(1);
      expect(askedAgain(5_000, { rcode, answers: none })).to.equal(2);
    });
  }

  it("does not keep a referral", () => {
    const authorities: Answer[] = [{ type: "NS", name: "example.test", ttl: 300, data: "ns.example.test" }];
    expect(askedAgain(0, { answers: none, authorities })).to.equal(2);
  });

  it("keeps SERVFAIL for negativeTtl, and never longer than five seconds", () => {
    expect(askedAgain(4_999, { rcode: SERVFAIL, answers: none }, { negativeTtl: "1h" })).to.equal(1);
    expect(askedAgain(5_000, { rcode: SERVFAIL, answers: none }, { negativeTtl: "1h" })).to.equal(2);
    expect(askedAgain(0, { rcode: SERVFAIL, answers: none }, { negativeTtl: 0 })).to.equal(2);
  });

  it("does not keep what was truncated or refused", () => {
    expect(askedAgain(0, { flags: TRUNCATED_RESPONSE })).to.equal(2);
    expect(askedAgain(0, { rcode: 5, answers: none })).to.equal(2);
  });
});
