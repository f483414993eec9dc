import { expect } from "chai";
import { NEVER } from "rxjs";
import { SluiceError, type Endpoint, type UpstreamTarget } from "../../../../../core/contract/index.ts";
import { createBalancer, type Balancer } from "../../../../../core/net/balance/balancer.ts";
import { HealthBook } from "../../../../../core/net/balance/endpoints/health-book.ts";
import type { EndpointStanding } from "../../../../../core/net/balance/endpoints/health-peers.ts";
import { ManualClock } from "../../../plugins/support/fakes.ts";

const none: ReadonlySet<Endpoint> = new Set();
const endpointsOf = (count: number): readonly Endpoint[] =>
  Array.from({ length: count }, (_, at) => ({ host: "127.0.0.1", port: at + 1, text: `127.0.0.1:${at + 1}` }));

function bench(count: number, random = 0, first?: UpstreamTarget["ejection"]) {
  const clock = new ManualClock();
  const told: string[] = [];
  const untils: number[] = [];
  const book = new HealthBook({
    down: (_listener, endpoint, { failures, code, until }) => {
      told.push(`down ${endpoint.slice(-1)} ${failures} ${code}`);
      untils.push((until ?? Infinity) - clock.now());
    },
    up: (_listener, endpoint) => void told.push(`up ${endpoint.slice(-1)}`),
    panic: (_listener, endpoints) => void told.push(`panic ${endpoints.length}`),
    failed: () => undefined,
    attempted: () => undefined,
    backedUp: () => undefined,
    misjudged: () => undefined,
  });
  const endpoints = endpointsOf(count);
  const make = (before?: Balancer, of = endpoints, ejection = first): Balancer =>
    createBalancer(
      { endpoints: of, balance: "round-robin", tls: undefined, ejection },
      { clock, random: () => random, health: book, listener: "web", before },
    );
  const balancer = make();
  const fail = (at: number, times = 5): void => {
    for (let time = 0; time < times; time += 1) balancer.failed(endpoints[at - 1] ?? expect.fail(), "SLUICE_UPSTREAM_REFUSED");
  };
  /** The endpoints that ten sessions go to, a second after the last failure. */
  const used = (of = balancer): string => {
    clock.advance(1_000);
    return [...new Set(Array.from({ length: 10 }, () => of.next(none).port))].toSorted((a, b) => a - b).join("");
  };
  return { clock, told, untils, book, endpoints, make, balancer, fail, used };
}

describe("the health of endpoints", () => {
  it("puts one out after five failures in a row, and takes it back after 30 s", () => {
    const { clock, told, untils, fail, used } = bench(2);
    fail(1, 4);
    expect(used()).to.equal("12");
    fail(1, 1);
    expect(told).to.deep.equal(["down 1 5 SLUICE_UPSTREAM_REFUSED"]);
    expect(untils).to.deep.equal([30_000]);
    expect(used()).to.equal("2");
    clock.advance(28_999);
    expect(told).to.have.length(1);
    clock.advance(1);
    expect(told.at(-1)).to.equal("up 1");
    expect(used()).to.equal("12");
  });

  it("counts from zero when it answers", () => {
    const { told, balancer, endpoints, fail } = bench(2);
    fail(1, 4);
    balancer.worked(endpoints[0] ?? expect.fail());
    fail(1, 4);
    expect(told).to.deep.equal([]);
    fail(1, 1);
    expect(told).to.have.length(1);
  });

  it("leaves it out longer each time, 300 s at most, and forgets the times once it has done well for so long", () => {
    const { clock, untils, fail } = bench(2);
    for (let time = 0; time < 12; time += 1) {
      fail(1);
      clock.advance(300_000);
    }
    // A time that is over is followed by one in which it did well, the longer the shorter it was out.
    expect(untils.slice(0, 3)).to.deep.equal([30_000, 60_000, 90_000]);
    expect(Math.max(...untils)).to.equal(300_000);
    clock.advance(600_000);
    fail(1);
    expect(untils.at(-1)).to.equal(30_000);
  });

  it("adds up to 10 % by chance, and never more than 300 s in all", () => {
    const { clock, untils, fail } = bench(2, 0.5);
    fail(1);
    expect(untils).to.deep.equal([31_500]);
    for (let time = 0; time < 11; time += 1) {
      clock.advance(300_000);
      fail(1);
    }
    expect(Math.max(...untils)).to.equal(300_000);
  });

  for (const [count, out] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ] as const) {
    it(`puts at most ${out} of ${count} out`, () => {
      const { told, fail } = bench(count);
      for (let at = 1; at < Math.max(2, count); at += 1) fail(at, 7);
      expect(told.filter((text) => text.startsWith("down"))).to.have.length(Math.min(out, Math.max(1, count - 1)));
    });
  }

  it("uses all when all are down, says so once, and stops when one answers", () => {
    const { told, balancer, endpoints, fail, used } = bench(2);
    fail(1);
    expect(balancer.panic).to.equal(false);
    fail(2, 9);
    expect(balancer.panic).to.equal(true);
    expect(told.slice(1)).to.deep.equal(["panic 2"]);
    expect(used()).to.equal("12");
    balancer.worked(endpoints[0] ?? expect.fail());
    expect(told.slice(2)).to.deep.equal(["up 1"]);
    expect(balancer.panic).to.equal(false);
  });

  it("goes on over a reload, and is shared by the upstreams that have the endpoint", () => {
    const { make, balancer, endpoints, fail, used, told } = bench(3);
    fail(1, 3);
    const next = make(
      balancer,
      endpoints.map((endpoint) => ({ ...endpoint })),
    );
    next.failed(endpoints[0] ?? expect.fail(), "SLUICE_UPSTREAM_RESET");
    fail(1, 1);
    expect(told).to.deep.equal(["down 1 5 SLUICE_UPSTREAM_REFUSED"]);
    expect([used(next), used()]).to.deep.equal(["23", "23"]);
  });

  it("has nothing to do with the second for which a failed endpoint is tried last", () => {
    const { balancer, endpoints, fail, told } = bench(2);
    fail(1, 4);
    expect(balancer.next(none)).to.equal(endpoints[1]);
    fail(1, 1);
    expect(told).to.have.length(1);
  });

  it("says nothing more of an endpoint that a reload removed", () => {
    const { clock, book, told, fail } = bench(2);
    fail(1);
    book.forget("web", "127.0.0.1:1");
    clock.advance(300_000);
    expect(told).to.have.length(1);
  });

  it("is not that of before when an endpoint that a reload removed comes back, also if sessions are open there", () => {
    const { book, balancer, endpoints, fail, used } = bench(2);
    balancer.opened(endpoints[0] ?? expect.fail());
    fail(1);
    expect(used()).to.equal("2");
    book.forget("web", "127.0.0.1:1");
    expect(used()).to.equal("12");
    expect(book.of("web", "127.0.0.1:1")).to.include({ active: 1, failures: 0, outage: undefined });
  });
});

describe("the ejection of endpoints", () => {
  it("goes by the failures and the times of the upstream", () => {
    const { clock, told, untils, fail, used } = bench(2, 0, { failures: 1, time: 10_000, maxTime: 20_000 });
    fail(1, 1);
    expect(told).to.deep.equal(["down 1 1 SLUICE_UPSTREAM_REFUSED"]);
    expect(used()).to.equal("2");
    clock.advance(9_000);
    expect(told.at(-1)).to.equal("up 1");
    for (let time = 0; time < 2; time += 1) {
      fail(1, 1);
      clock.advance(20_000);
    }
    // It has stayed in use for the longest time: the next time is the first again.
    clock.advance(20_000);
    fail(1, 1);
    expect(untils).to.deep.equal([10_000, 20_000, 20_000, 10_000]);
  });

  it("never happens with false, and nothing counts as down; a health check still takes an endpoint out", () => {
    const { clock, told, book, balancer, fail, used } = bench(2, 0, false);
    for (const at of [1, 2]) fail(at, 50);
    expect([told, balancer.panic, used()]).to.deep.equal([[], false, "12"]);
    book.of("web", "127.0.0.1:1").missed(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", "no answer"), 1, clock.now());
    expect([told, used()]).to.deep.equal([["down 1 50 SLUICE_UPSTREAM_TIMEOUT"], "2"]);
  });

  it("follows a reload from the next failure on, and what is out stays out for its time", () => {
    const { clock, told, untils, endpoints, make, balancer, fail, used } = bench(2);
    fail(1, 4);
    const next = make(balancer, endpoints, { failures: 2, time: 10_000, maxTime: 10_000 });
    expect([told, used(next)]).to.deep.equal([[], "12"]);
    next.failed(endpoints[0] ?? expect.fail(), "SLUICE_UPSTREAM_RESET");
    expect([told, untils]).to.deep.equal([["down 1 5 SLUICE_UPSTREAM_RESET"], [10_000]]);
    const last = make(next, endpoints, false);
    expect(used(last)).to.equal("2");
    clock.advance(9_000);
    expect([told.at(-1), used(last)]).to.deep.equal(["up 1", "12"]);
  });

  it("holds for all upstreams of the listener that have the endpoint", () => {
    const { told, endpoints, make, balancer, fail, used } = bench(2, 0, { failures: 3, time: 10_000, maxTime: 10_000 });
    const other = make(balancer, endpoints, false);
    for (let time = 0; time < 9; time += 1) other.failed(endpoints[0] ?? expect.fail(), "SLUICE_UPSTREAM_REFUSED");
    expect(told).to.deep.equal([]);
    fail(1, 1);
    expect(told).to.deep.equal(["down 1 10 SLUICE_UPSTREAM_REFUSED"]);
    expect([used(), used(other)]).to.deep.equal(["2", "2"]);
  });

  it("is asked of the other processes with the time of the upstream", () => {
    const { book, fail } = bench(2, 0, { failures: 1, time: 10_000, maxTime: 10_000 });
    const asked: EndpointStanding[] = [];
    const eject = (standing: EndpointStanding): Promise<number> => {
      asked.push(standing);
      return Promise.resolve(1);
    };
    book.join({ checks: false, agreed: NEVER, eject, tell: () => undefined, forget: () => undefined });
    fail(1, 1);
    expect(asked.map(({ endpoint, outage }) => [endpoint, (outage?.until ?? 0) - (outage?.since ?? 0)])).to.deep.equal([
      ["127.0.0.1:1", 10_000],
    ]);
  });
});
