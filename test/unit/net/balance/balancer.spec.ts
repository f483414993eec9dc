import { expect } from "chai";
import type { Balance, Endpoint } from "../../../../core/contract/index.ts";
import { clockAt } from "../dialling.ts";
import { createBalancer, type Balancer, type BalancerOptions } from "../../../../core/net/balance/balancer.ts";

const endpoint = (port: number): Endpoint => ({ host: "127.0.0.1", port, text: `127.0.0.1:${port}` });
const one = endpoint(1);
const two = endpoint(2);
const three = endpoint(3);
const make = (balance: Balance, options: BalancerOptions = {}): Balancer =>
  createBalancer({ endpoints: [one, two, three], balance, tls: undefined }, options);
const none: ReadonlySet<Endpoint> = new Set();
const take = (balancer: Balancer, count: number): number[] => Array.from({ length: count }, () => balancer.next(none).port);

describe("the balancer", () => {
  it("takes endpoints in turn with round-robin", () => {
    expect(take(make("round-robin"), 5)).to.deep.equal([1, 2, 3, 1, 2]);
  });

  it("takes the endpoint with the fewest open legs with least-connections, and ties in turn", () => {
    const balancer = make("least-connections");
    const open = (): number => {
      const chosen = balancer.next(none);
      balancer.opened(chosen);
      return chosen.port;
    };
    expect([open(), open(), open()]).to.deep.equal([1, 2, 3]);
    balancer.closed(two);
    expect([open(), open(), open(), open()]).to.deep.equal([2, 1, 3, 2]);
  });

  it("counts the legs of an endpoint that the config names twice for both, with least-connections", () => {
    const balancer = createBalancer({ endpoints: [one, { ...one }, two], balance: "least-connections", tls: undefined });
    const open = (): number => {
      const chosen = balancer.next(none);
      balancer.opened(chosen);
      return chosen.port;
    };
    expect([open(), open(), open(), open()]).to.deep.equal([1, 2, 1, 2]);
  });

  it("goes on after a reload with the legs that are open, the turn, and the endpoints that failed", () => {
    const again = { ...two };
    const options = { clock: clockAt(() => 0) };
    const first = make("least-connections", options);
    for (const chosen of [first.next(none), first.next(none)]) first.opened(chosen);
    first.failed(one, "SLUICE_UPSTREAM_REFUSED");
    const next = createBalancer({ endpoints: [one, again], balance: "least-connections", tls: undefined }, { ...options, before: first });
    expect(take(next, 2)).to.deep.equal([2, 2]);
    first.closed(two);
    next.opened(again);
    first.closed(one);
    const last = createBalancer(
      { endpoints: [one, two], balance: "least-connections", tls: undefined },
      { clock: clockAt(() => 1_000), before: next },
    );
    expect(take(last, 2)).to.deep.equal([1, 1]);
  });

  it("takes whatever chance says with random", () => {
    const draws = [0.99, 0, 0.5];
    expect(take(make("random", { random: () => draws.shift() ?? 0 }), 3)).to.deep.equal([3, 1, 2]);
  });

  it("prefers endpoints that the session has not tried, and starts again when it has tried all", () => {
    const balancer = make("round-robin");
    expect(balancer.next(new Set([one, two]))).to.equal(three);
    expect(balancer.next(new Set([one, two, three]))).to.equal(one);
  });

  it("tries an endpoint that failed last, for a second", () => {
    let now = 0;
    const balancer = make("round-robin", { clock: clockAt(() => now) });
    balancer.failed(two, "SLUICE_UPSTREAM_REFUSED");
    expect(take(balancer, 4)).to.deep.equal([1, 3, 1, 3]);
    expect(balancer.next(new Set([one, three]))).to.equal(two);
    now = 1_000;
    expect(take(balancer, 3).toSorted((a, b) => a - b)).to.deep.equal([1, 2, 3]);
  });

  it("still gives an endpoint when all have failed", () => {
    const balancer = make("round-robin", { clock: clockAt(() => 0) });
    for (const failed of [one, two, three]) balancer.failed(failed, "SLUICE_UPSTREAM_REFUSED");
    expect(take(balancer, 3)).to.deep.equal([1, 2, 3]);
  });
});
