import { expect } from "chai";
import type { Endpoint, UpstreamTarget } from "../../../../core/contract/index.ts";
import { createBalancer } from "../../../../core/net/balance/balancer.ts";
import { HealthBook } from "../../../../core/net/balance/endpoints/health-book.ts";
import { ManualClock } from "../../plugins/support/fakes.ts";

const none: ReadonlySet<Endpoint> = new Set();

/** Endpoints by name: `a`, `b` and so on, and backups `x`, `y`. */
function bench(names: string, ejection?: UpstreamTarget["ejection"]) {
  const clock = new ManualClock();
  const told: string[] = [];
  const book = new HealthBook({
    down: (_listener, endpoint) => void told.push(`down ${endpoint[0]}`),
    up: (_listener, endpoint) => void told.push(`up ${endpoint[0]}`),
    panic: (_listener, all) => void told.push(`panic ${all.length}`),
    backedUp: (_listener, down, backups) =>
      void told.push(`${[...backups].map(([name]) => name).join("")} for ${down.map(([name]) => name).join("")}`),
    failed: () => undefined,
    attempted: () => undefined,
    misjudged: () => undefined,
  });
  const endpoints = names.split("").map((name): Endpoint => ({ host: name, port: 1, text: `${name}:1`, backup: name >= "x" }));
  const of = (name: string): Endpoint => endpoints.find(({ host }) => host === name) ?? expect.fail(name);
  const balancer = createBalancer(
    { endpoints, balance: "round-robin", tls: undefined, ejection },
    { clock, random: () => 0, health: book },
  );
  const fail = (name: string, times = 5): void => {
    for (let time = 0; time < times; time += 1) balancer.failed(of(name), "SLUICE_UPSTREAM_REFUSED");
  };
  /** The endpoints that ten sessions go to, a second after the last failure. */
  const used = (): string => {
    clock.advance(1_000);
    return [...new Set(Array.from({ length: 10 }, () => balancer.next(none).host))].toSorted().join("");
  };
  return { clock, told, balancer, of, fail, used };
}

describe("backups", () => {
  it("are not used while another endpoint is up", () => {
    const { told, fail, used } = bench("abx");
    expect(used()).to.equal("ab");
    fail("a");
    expect(used()).to.equal("b");
    expect(told).to.deep.equal(["down a"]);
  });

  it("are used when all others are down, without panic, until one of those is back", () => {
    const { told, balancer, clock, fail, used } = bench("abxy");
    fail("a");
    fail("b");
    // At most half of those that are no backups are out.
    expect(told).to.deep.equal(["down a", "xy for ab"]);
    expect(used()).to.equal("xy");
    expect(balancer.panic).to.equal(false);
    clock.advance(28_000);
    expect(used()).to.match(/^[ab]/);
  });

  it("do not count among those of which half may be out", () => {
    const { told, fail } = bench("abcxyz");
    for (const name of "abc") fail(name);
    expect(told).to.deep.equal(["down a", "xyz for abc"]);
  });

  it("stand in for an only endpoint, which one session tries every 30 s until it works", () => {
    const { told, balancer, clock, of, fail, used } = bench("ax");
    fail("a", 4);
    expect(used()).to.equal("a");
    fail("a", 1);
    expect(used()).to.equal("x");
    clock.advance(29_000);
    expect([balancer.next(none).host, balancer.next(none).host]).to.deep.equal(["a", "x"]);
    balancer.failed(of("a"), "SLUICE_UPSTREAM_REFUSED");
    clock.advance(30_000);
    expect([balancer.next(none).host, balancer.next(none).host]).to.deep.equal(["a", "x"]);
    balancer.worked(of("a"));
    expect(used()).to.equal("a");
    // Said once, though nothing is out: else nobody would see why the backups are used.
    expect(told).to.deep.equal(["x for a"]);
    fail("a");
    expect(told).to.deep.equal(["x for a", "x for a"]);
  });

  it("stand in as the upstream's `ejection` says: after its failures, for its time, and with false not at all", () => {
    const { clock, balancer, fail, used } = bench("ax", { failures: 1, time: 5_000, maxTime: 5_000 });
    fail("a", 1);
    expect(used()).to.equal("x");
    clock.advance(3_999);
    expect(balancer.next(none).host).to.equal("x");
    clock.advance(1);
    expect([balancer.next(none).host, balancer.next(none).host]).to.deep.equal(["a", "x"]);
    const never = bench("ax", false);
    never.fail("a", 50);
    expect([never.used(), never.told]).to.deep.equal(["a", []]);
  });

  it("are where all are used when they are down too", () => {
    const { told, balancer, fail, used } = bench("ax");
    fail("a");
    fail("x");
    expect(told).to.deep.equal(["x for a", "panic 2"]);
    expect([balancer.panic, used()]).to.deep.equal([true, "ax"]);
  });

  it("are tried by a session for which all others have failed", () => {
    const { balancer, of } = bench("abx");
    expect(balancer.next(new Set([of("a"), of("b")])).host).to.equal("x");
    expect(balancer.next(new Set([of("a"), of("b"), of("x")])).host).to.match(/^[ab]/);
  });
});
