import { expect } from "chai";
import type { Balance, Endpoint } from "../../../../core/contract/index.ts";
import { createBalancer, type Balancer } from "../../../../core/net/balance/balancer.ts";

const none: ReadonlySet<Endpoint> = new Set();

/** One session after each reload, which ends before the next one. @param configs the weights of `a`, `b` and so on, for each reload */
function withReloads(balance: Balance, configs: readonly (readonly number[])[]): string {
  let before: Balancer | undefined;
  return configs
    .map((weights) => {
      const endpoints = weights.map((weight, at): Endpoint => ({ host: "abcdef"[at] ?? "", port: 1, text: `${"abcdef"[at]}:1`, weight }));
      before = createBalancer({ endpoints, balance, tls: undefined }, { before });
      return before.next(none).host;
    })
    .join("");
}

const times = (count: number, weights: readonly number[]): readonly (readonly number[])[] => Array.from({ length: count }, () => weights);

describe("the turn of endpoints over reloads", () => {
  it("goes on with weights, so that a reload after each session changes nothing", () => {
    expect(withReloads("round-robin", times(14, [5, 1, 1]))).to.equal("aabacaaaabacaa");
  });

  it("goes on with least-connections", () => {
    expect(withReloads("least-connections", times(6, [1, 1, 1]))).to.equal("abcabc");
  });

  it("begins a new round behind the last endpoint when a weight has changed", () => {
    expect(withReloads("round-robin", [...times(2, [2, 1, 1]), ...times(4, [1, 1, 2])])).to.equal("abcabc");
  });

  it("gives an endpoint that a reload adds no more than its turn", () => {
    expect(withReloads("least-connections", [...times(4, [1, 1]), ...times(6, [1, 1, 1])])).to.equal("ababcabcab");
    expect(withReloads("round-robin", [...times(4, [1, 1]), ...times(6, [1, 1, 1])])).to.equal("ababcabcab");
  });
});
