import { expect } from "chai";
import { defer, NEVER, of, Subject, throwError, type Observable } from "rxjs";
import { SluiceError, type Address, type ErrorCode } from "sluice";
import { dnsCache } from "sluice/plugins";
import { NameCache } from "../../../../plugins/dns-cache/name-cache.ts";
import type { DnsCacheOptions } from "../../../../plugins/dns-cache/options.ts";
import { ManualClock, parseOptions } from "../support/fakes.ts";

const address = (ttl: number): Address => ({ address: "192.0.2.1", family: 4, ttl });

/** A cache above a name server that answers as `reply` says; what it is asked is counted. */
function build(input: object, reply: { current: Address[] | ErrorCode }) {
  const clock = new ManualClock();
  const cache = new NameCache(parseOptions<DnsCacheOptions>(dnsCache, input), clock);
  const counted = { lookups: 0 };
  const lookup = defer((): Observable<Address[]> => {
    counted.lookups += 1;
    const { current } = reply;
    return typeof current === "string" ? throwError(() => new SluiceError(current, "no")) : of(current);
  });
  const ask = (name = "db.test", fresh = false): number | string | undefined => {
    let result: number | string | undefined;
    cache.resolve(lookup, { name, fresh }).subscribe({
      next: (found) => {
        result = found[0]?.ttl;
      },
      error: (error: unknown) => {
        result = SluiceError.is(error) ? error.code : String(error);
      },
    });
    return result;
  };
  return { clock, cache, counted, ask };
}

describe("the cache of upstream names", () => {
  it("answers until the lowest TTL is over, counting it down, whatever the case of the name", () => {
    const { clock, counted, ask } = build({}, { current: [address(60), address(10)] });
    ask("db.test");
    clock.advance(3_500);
    expect(ask("DB.Test")).to.equal(6);
    clock.advance(6_499);
    expect(ask()).to.equal(0);
    expect(counted.lookups).to.equal(1);
    clock.advance(1);
    ask();
    expect(counted.lookups).to.equal(2);
  });

  it("asks again for what proved wrong, keeps the answer, and uses the old one only while there is none", () => {
    const reply: { current: Address[] | ErrorCode } = { current: [address(60)] };
    const { clock, counted, ask } = build({}, reply);
    ask();
    clock.advance(10_000);
    reply.current = [address(20)];
    expect(ask("DB.test", true)).to.equal(20);
    expect(ask()).to.equal(20);
    expect(counted.lookups).to.equal(2);
    reply.current = "SLUICE_UPSTREAM_DNS_TEMPORARY";
    expect(ask("db.test", true)).to.equal(30);
    expect(counted.lookups).to.equal(3);
  });

  it("forgets that a name does not exist when a new query is demanded", () => {
    const reply: { current: Address[] | ErrorCode } = { current: "SLUICE_UPSTREAM_DNS_NOT_FOUND" };
    const { ask } = build({}, reply);
    ask();
    reply.current = [address(20)];
    expect(ask()).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
    expect(ask("db.test", true)).to.equal(20);
  });

  it("never uses an answer with TTL 0 again, whatever minTtl says", () => {
    const { counted, ask } = build({ minTtl: "1m" }, { current: [address(0)] });
    ask();
    ask();
    expect(counted.lookups).to.equal(2);
  });

  it("keeps answers at least minTtl and at most maxTtl", () => {
    const short = build({ minTtl: "1m" }, { current: [address(1)] });
    short.ask();
    short.clock.advance(59_000);
    short.ask();
    expect(short.counted.lookups).to.equal(1);
    const long = build({ maxTtl: "1m" }, { current: [address(3_600)] });
    long.ask();
    long.clock.advance(60_000);
    long.ask();
    expect(long.counted.lookups).to.equal(2);
  });

  it("asks once for all who ask at the same time", () => {
    const cache = new NameCache(parseOptions<DnsCacheOptions>(dnsCache, {}), new ManualClock());
    const answers = new Subject<Address[]>();
    let lookups = 0;
    const lookup = defer(() => {
      lookups += 1;
      return answers;
    });
    let answered = 0;
    for (let asker = 0; asker < 1_000; asker += 1) cache.resolve(lookup, { name: "db.test" }).subscribe(() => (answered += 1));
    answers.next([address(0)]);
    answers.complete();
    expect([lookups, answered]).to.deep.equal([1, 1_000]);
  });

  it("goes on for the others when the first to ask leaves, and stops when all have left", () => {
    const cache = new NameCache(parseOptions<DnsCacheOptions>(dnsCache, {}), new ManualClock());
    const answers = new Subject<Address[]>();
    const first = cache.resolve(answers, { name: "db.test" }).subscribe();
    const second = cache.resolve(answers, { name: "db.test" }).subscribe();
    first.unsubscribe();
    expect(answers.observed).to.equal(true);
    second.unsubscribe();
    expect(answers.observed).to.equal(false);
  });

  it("remembers for negativeTtl that there is no such name", () => {
    const { clock, counted, ask } = build({ negativeTtl: "2s" }, { current: "SLUICE_UPSTREAM_DNS_NOT_FOUND" });
    expect([ask(), ask()]).to.deep.equal(["SLUICE_UPSTREAM_DNS_NOT_FOUND", "SLUICE_UPSTREAM_DNS_NOT_FOUND"]);
    expect(counted.lookups).to.equal(1);
    clock.advance(2_000);
    ask();
    expect(counted.lookups).to.equal(2);
  });

  it("does not remember a failure of the name server", () => {
    const { counted, ask } = build({}, { current: "SLUICE_UPSTREAM_DNS_TEMPORARY" });
    expect([ask(), ask()]).to.deep.equal(["SLUICE_UPSTREAM_DNS_TEMPORARY", "SLUICE_UPSTREAM_DNS_TEMPORARY"]);
    expect(counted.lookups).to.equal(2);
  });

  it("serves a stale answer with a TTL of 30 s while the name server fails, and not for ever", () => {
    const reply: { current: Address[] | ErrorCode } = { current: [address(10)] };
    const { clock, counted, ask } = build({ staleIfError: "1m", negativeTtl: "5s" }, reply);
    ask();
    reply.current = "SLUICE_UPSTREAM_DNS_TEMPORARY";
    clock.advance(11_000);
    expect([ask(), ask()]).to.deep.equal([30, 30]);
    expect(counted.lookups).to.equal(2);
    clock.advance(60_000);
    expect(ask()).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
  });

  it("serves a stale answer when the name server keeps silent, sooner than a connection would give up", () => {
    const clock = new ManualClock();
    const cache = new NameCache(parseOptions<DnsCacheOptions>(dnsCache, { negativeTtl: "5s" }), clock);
    const got: (number | undefined)[] = [];
    const ask = (lookup: Observable<Address[]>): void =>
      void cache.resolve(lookup, { name: "db.test" }).subscribe(([first]) => got.push(first?.ttl));
    ask(of([address(10)]));
    clock.advance(11_000);
    ask(NEVER);
    clock.advance(1_799);
    expect(got).to.deep.equal([10]);
    clock.advance(1);
    ask(NEVER);
    expect(got).to.deep.equal([10, 30, 30]);
    expect(clock.timers).to.equal(0);
    clock.advance(5_000);
    ask(of([address(10)]));
    expect(got).to.deep.equal([10, 30, 30, 10]);
    expect(clock.timers).to.equal(0);
  });

  it("takes a clock that stepped back for a reason to ask again", () => {
    const { clock, counted, ask } = build({}, { current: [address(10)] });
    ask();
    clock.step(-3_600_000);
    ask();
    expect(counted.lookups).to.equal(2);
  });
});
