// What the choice of an endpoint costs a new session: next, opened, closed, with a thousand endpoints of several weights, and with one.
import type { Balance, Endpoint, SessionFacts } from "../../../core/contract/index.ts";
import { createBalancer } from "../../../core/net/balance/balancer.ts";
import { median, table } from "../report.ts";

const repeats = 5;
const calls = 200_000;
const none: ReadonlySet<Endpoint> = new Set();

const endpointsOf = (count: number): Endpoint[] =>
  Array.from({ length: count }, (_, at) => {
    const host = `10.0.${at >> 8}.${at & 255}`;
    return { host, port: 80, text: `${host}:80`, weight: 1 + (at % 5) };
  });

/** As many clients as there are calls in a row, so that hashing meets keys that it has not seen. */
const sessions = Array.from({ length: 4096 }, (_, id) => {
  const address = `192.0.${id >> 8}.${id & 255}`;
  return { id, client: { address, port: 1, family: "IPv4" }, tls: undefined } as unknown as SessionFacts;
});

/** Microseconds of the processor: others on the machine do not count. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Nanoseconds of a choice. */
function choiceOf(balance: Balance, count: number): number {
  const balancer = createBalancer({ endpoints: endpointsOf(count), balance, tls: undefined });
  const rounds = Array.from({ length: repeats }, () => {
    const before = spent();
    for (let at = 0; at < calls; at += 1) {
      const endpoint = balancer.next(none, sessions[at & 4095]);
      balancer.opened(endpoint);
      balancer.closed(endpoint);
    }
    return ((spent() - before) * 1e3) / calls;
  });
  return median(rounds.slice(1));
}

/** The rows of balancing. */
export function balanceTable(): string {
  const policies = ["round-robin", "least-connections", "random", "random-two", "hash"] as const;
  const rows = policies.map((balance) => [balance, ...[1, 3, 1_000].map((count) => `${choiceOf(balance, count).toFixed(0)} ns`)]);
  return table(["the choice of an endpoint", "of 1", "of 3", "of 1,000"], rows);
}
