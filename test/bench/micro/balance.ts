// What the choice of an endpoint costs a new session: next, opened, closed, with a thousand endpoints of several weights, and with one.
import { VirtualTimeScheduler } from "rxjs";
import type { Balance, Endpoint, EndpointCandidate, SessionFacts } from "../../../core/contract/index.ts";
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

/** Nanoseconds of a choice. @param failed how many of the endpoints have just failed */
function choiceOf(balance: Balance, count: number, failed = 0): number {
  const endpoints = endpointsOf(count);
  // Time stands still: what has just failed does so for the whole measurement.
  const clock = new VirtualTimeScheduler();
  const balancer = createBalancer({ endpoints, balance, tls: undefined }, { clock });
  for (const endpoint of endpoints.slice(0, failed)) balancer.failed(endpoint, "SLUICE_UPSTREAM_REFUSED");
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
  const policies: readonly Balance[] = [
    "round-robin",
    "least-connections",
    "random",
    "random-two",
    "hash",
    (candidates) => candidates[0] as EndpointCandidate,
  ];
  const ns = (value: number): string => `${value.toFixed(0)} ns`;
  const rows = policies.map((balance) => [
    typeof balance === "function" ? "a function" : balance,
    ...[1, 3, 1_000].map((count) => ns(choiceOf(balance, count))),
    ns(choiceOf(balance, 1_000, 3)),
  ]);
  return table(["the choice of an endpoint", "of 1", "of 3", "of 1,000", "of 1,000, 3 have just failed"], rows);
}
