import { expect } from "chai";
import type { Endpoint, UpstreamTarget } from "../../../../core/contract/index.ts";
import { createBalancer, type Balancer } from "../../../../core/net/balance/balancer.ts";
import { HealthBook } from "../../../../core/net/balance/endpoints/health-book.ts";
import { ManualClock } from "../../plugins/support/fakes.ts";

const none: ReadonlySet<Endpoint> = new Set();
const limited: Endpoint = { host: "127.0.0.1", port: 1, text: "127.0.0.1:1", maxSessions: 1 };
const other: Endpoint = { host: "127.0.0.1", port: 2, text: "127.0.0.1:2" };
const targetOf = (...endpoints: Endpoint[]): UpstreamTarget => ({ endpoints, balance: "round-robin", tls: undefined });

/** With one session at the endpoint that takes only one. */
function bench(...endpoints: Endpoint[]) {
  const clock = new ManualClock();
  const health = new HealthBook(undefined);
  const make = (of: readonly Endpoint[], before?: Balancer): Balancer =>
    createBalancer(targetOf(...of), { clock, random: () => 0, health, listener: "web", before });
  const balancer = make(endpoints);
  balancer.opened(limited);
  return { balancer, clock, health, make };
}

describe("maxSessions", () => {
  it("holds for a session that has tried all other endpoints: it tries one of those again", () => {
    const { balancer } = bench(limited, other);
    expect(balancer.next(new Set([other]))).to.equal(other);
  });

  it("holds for a session that has tried all endpoints", () => {
    const { balancer } = bench(limited, other);
    expect(balancer.next(new Set([limited, other]))).to.equal(other);
  });

  it("holds for the session that tries a failing endpoint while backups are in use", () => {
    const backup: Endpoint = { ...other, backup: true };
    const { balancer, clock } = bench(limited, backup);
    for (let time = 0; time < 5; time += 1) balancer.failed(limited, "SLUICE_UPSTREAM_REFUSED");
    clock.advance(30_000);
    expect(balancer.next(none)).to.equal(backup);
    balancer.closed(limited);
    expect(balancer.next(none)).to.equal(limited);
  });

  it("counts the sessions that were open already when one reload removes the endpoint and another brings it back", () => {
    const { balancer, health, make } = bench(limited);
    const without = make([other], balancer);
    health.forget("web", limited.text);
    const again = make([limited], without);
    expect(() => again.next(none)).to.throw("SLUICE_UPSTREAM_BUSY");
    balancer.closed(limited);
    expect(again.next(none)).to.equal(limited);
  });
});
