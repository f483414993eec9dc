import { expect } from "chai";
import { decode, type Answer } from "dns-packet";
import { Observable, throwError } from "rxjs";
import type { Leg, LegReader, Upstream } from "sluice";
import { OpenQueries } from "../../../../plugins/dns-cache/open-queries.ts";
import { QueryLeg } from "../../../../plugins/dns-cache/query-leg.ts";
import { createMetrics, ManualClock } from "../support/fakes.ts";
import { answerTo, opt, query } from "./dns-messages.ts";

/** One socket towards the name server, which the test plays. */
class ServerLeg implements Leg {
  readonly datagrams = true;
  readonly borrows = false;
  readonly pending = 0;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly sent: Buffer[] = [];
  open = true;
  #reader: LegReader | undefined;

  read(reader: LegReader): void {
    this.#reader = reader;
  }

  says(datagram: Buffer): void {
    this.#reader?.data(Buffer.from(datagram));
  }

  write(datagram: Buffer): boolean {
    this.sent.push(datagram);
    return true;
  }

  resume(): void {
    throw new Error("not expected");
  }

  end(): void {
    throw new Error("not expected");
  }

  reset(): void {
    throw new Error("not expected");
  }

  destroy(): void {
    this.open = false;
  }
}

function createBench(max = 10) {
  const legs: ServerLeg[] = [];
  const open = (): Upstream => {
    const leg = new ServerLeg();
    legs.push(leg);
    return { endpoint: "192.0.2.53:53", leg };
  };
  const clock = new ManualClock();
  const metrics = createMetrics();
  const dropped = metrics.counter("dropped");
  const queries = new OpenQueries(max, dropped);
  const got: Buffer[] = [];
  let fails = false;
  const attempt = new Observable<Upstream>((subscriber) => {
    if (fails) return void throwError(() => new Error("refused")).subscribe(subscriber);
    subscriber.next(open());
    return undefined;
  });
  const make = (): QueryLeg => {
    const leg = new QueryLeg(open().leg, { attempt, queries, clock });
    leg.read({ done: true, data: (datagram) => got.push(datagram) > 0, end: () => undefined, failed: () => undefined });
    return leg;
  };
  const sent = (at: number): Buffer => legs[at]?.sent[0] ?? Buffer.alloc(0);
  const isOpen = (): boolean[] => legs.map((leg) => leg.open);
  return { leg: make(), another: make, legs, clock, queries, got, dropped, sent, isOpen, setFailing: (is: boolean) => (fails = is) };
}

describe("the upstream leg of a DNS session", () => {
  it("sends each query through a leg of its own, the first through the one that is open already", () => {
    const { leg, legs, got, sent, isOpen } = createBench();
    for (const id of [5, 6]) leg.write(query(id, `n${id}.example.test`));
    expect(legs.map((one) => one.sent.length)).to.deep.equal([1, 1]);
    legs[1]?.says(answerTo(sent(1)));
    legs[0]?.says(answerTo(sent(0)));
    expect(got.map((datagram) => decode(datagram).id)).to.deep.equal([6, 5]);
    expect(isOpen()).to.deep.equal([false, false]);
  });

  it("does not change the datagram that it was given", () => {
    const { leg } = createBench();
    const asked = query(5);
    for (let turn = 0; turn < 4; turn += 1) leg.write(asked);
    expect(asked.equals(query(5))).to.equal(true);
  });

  it("lets no cookie through, in either direction", () => {
    const { leg, legs, got, sent } = createBench();
    leg.write(query(5, "www.example.test", { edns: { cookie: "client-1", size: 1_400 } }));
    expect(sent(0).includes("client-1")).to.equal(false);
    expect(decode(sent(0)).additionals?.[0]).to.deep.include({ type: "OPT", udpPayloadSize: 1_400, options: [] });
    legs[0]?.says(answerTo(sent(0), { additionals: [opt(1_232, 0, "client-1server-1")] }));
    expect(got[0]?.includes("server-1")).to.equal(false);
    expect(decode(got[0] ?? Buffer.alloc(0)).additionals?.[0]).to.deep.include({ type: "OPT", udpPayloadSize: 1_232, options: [] });
  });

  it("makes padding of a cookie that has something behind it", () => {
    const { leg, legs, got, sent } = createBench();
    leg.write(query(5));
    const behind: Answer = { type: "A", name: "behind.example.test", ttl: 300, data: "192.0.2.9" };
    const whole = answerTo(sent(0), { additionals: [opt(1_232, 0, "client-1server-1"), behind] });
    legs[0]?.says(whole);
    expect(got[0]?.length).to.equal(whole.length);
    expect(got[0]?.includes("server-1")).to.equal(false);
    const [, last] = decode(got[0] ?? Buffer.alloc(0)).additionals ?? [];
    expect(last).to.include({ name: "behind.example.test", data: "192.0.2.9" });
  });

  it("does not touch a query that is signed", () => {
    const { leg, sent } = createBench();
    const tsig = Buffer.from("0000fa00ff0000000000020000", "hex");
    const signed = Buffer.concat([query(5, "www.example.test", { edns: { cookie: "client-1" } }), tsig]);
    signed.writeUInt16BE(2, 10);
    leg.write(signed);
    expect(sent(0).subarray(2).equals(signed.subarray(2))).to.equal(true);
  });

  it("opens a new one where the first leg waited long for its first datagram", () => {
    const { leg, legs, clock, isOpen } = createBench();
    clock.advance(1_001);
    leg.write(query(5));
    expect(isOpen()).to.deep.equal([false, true]);
    expect(legs[1]?.sent).to.have.length(1);
  });

  for (const [what, spoil] of [
    ["does not belong to it", (answer: Buffer) => answerTo(query(answer.readUInt16BE(0), "another.example.test"))],
    ["cannot be read", (answer: Buffer) => answer.subarray(0, -2)],
    ["goes on behind its end", (answer: Buffer) => Buffer.concat([answer, Buffer.from("more")])],
  ] as const) {
    it(`asks again by itself within a second, with another id and leg, when an answer ${what}`, () => {
      const { leg, legs, clock, got, sent } = createBench();
      leg.write(query(5));
      legs[0]?.says(spoil(answerTo(sent(0))));
      expect(got).to.deep.equal([]);
      clock.advance(999);
      expect(legs).to.have.length(2);
      legs[1]?.says(answerTo(sent(1)));
      expect(got.map((datagram) => decode(datagram).id)).to.deep.equal([5]);
      expect(clock.timers).to.equal(0);
    });
  }

  it("takes the answer that comes late after a forged one", () => {
    const { leg, legs, clock, got, sent, isOpen } = createBench();
    leg.write(query(5));
    legs[0]?.says(answerTo(query(sent(0).readUInt16BE(0) ^ 1)));
    clock.advance(400);
    legs[0]?.says(answerTo(sent(0)));
    expect(got).to.have.length(1);
    expect(isOpen()).to.deep.equal([false, false]);
  });

  it("asks three times at most; answers that cannot be read are a failure then, forged ones are not", () => {
    for (const [spoil, failures] of [
      [(answer: Buffer) => answer.subarray(0, -2), ["SERVFAIL"]],
      [(answer: Buffer) => answerTo(query(answer.readUInt16BE(0) ^ 1)), []],
    ] as const) {
      const { leg, legs, clock, got, sent } = createBench();
      leg.write(query(5));
      for (let at = 0; at < legs.length; at += 1) {
        legs[at]?.says(spoil(answerTo(sent(at))));
        clock.advance(250);
      }
      expect(legs).to.have.length(3);
      expect(got.map((datagram) => decode(datagram)).map(({ id, ...rest }) => [id, "rcode" in rest ? rest.rcode : ""])).to.deep.equal(
        failures.map((failure) => [5, failure]),
      );
    }
  });

  it("tries again when a leg could not be opened", () => {
    const { leg, legs, clock, got, sent, setFailing } = createBench();
    leg.write(query(5));
    setFailing(true);
    leg.write(query(6));
    setFailing(false);
    clock.advance(250);
    legs[1]?.says(answerTo(sent(1)));
    expect(got.map((datagram) => decode(datagram).id)).to.deep.equal([6]);
  });

  it("gives a query up after five seconds, and closes its socket", () => {
    const { leg, clock, isOpen } = createBench();
    leg.write(query(5));
    clock.advance(4_999);
    expect(isOpen()).to.deep.equal([true]);
    clock.advance(1);
    expect([isOpen(), clock.timers]).to.deep.equal([[false], 0]);
  });

  it("drops the oldest query, and counts it, where too many wait, whosever they are", () => {
    const { leg, another, legs, queries, got, dropped, sent, isOpen } = createBench(3);
    const other = another();
    for (const id of [1, 2]) leg.write(query(id));
    for (const id of [3, 4]) other.write(query(id));
    expect([dropped.value, isOpen()]).to.deep.equal([1, [false, true, true, true]]);
    legs[1]?.says(answerTo(sent(1)));
    queries.resize(1);
    expect(dropped.value).to.equal(2);
    for (const at of [0, 1, 2, 3]) legs[at]?.says(answerTo(sent(at)));
    expect(got.map((datagram) => decode(datagram).id)).to.have.members([3, 4].slice(0, got.length));
    expect(got).to.have.length(2);
  });

  it("has one leg for all that is no query, and hears no answer to a query there", () => {
    const { leg, legs, got, clock } = createBench();
    for (const text of ["a", "b"]) leg.write(Buffer.from(text));
    expect(legs.map(({ sent }) => sent.map(String))).to.deep.equal([["a", "b"]]);
    legs[0]?.says(answerTo(query(5)));
    legs[0]?.says(Buffer.from("c"));
    expect(got.map(String)).to.deep.equal(["c"]);
    expect(clock.timers).to.equal(0);
  });

  it("opens that leg when it is needed, again where it could not be opened", () => {
    const { leg, legs, setFailing } = createBench();
    leg.write(query(5));
    setFailing(true);
    leg.write(Buffer.from("lost"));
    setFailing(false);
    leg.write(Buffer.from("a"));
    expect(legs[1]?.sent.map(String)).to.deep.equal(["a"]);
  });

  it("closes everything with itself, and hears nothing afterwards", async () => {
    const { leg, legs, clock, got, sent, isOpen } = createBench();
    for (const id of [5, 6]) leg.write(query(id));
    leg.write(Buffer.from("a"));
    const closed = new Promise<void>((resolve) => (leg.onClosed = resolve));
    leg.destroy();
    await closed;
    legs[0]?.says(answerTo(sent(0)));
    leg.write(query(7));
    expect([isOpen(), clock.timers, got]).to.deep.equal([[false, false, false], 0, []]);
  });
});
