import { expect } from "chai";
import * as fc from "fast-check";
import { request } from "node:http";
import type { BalanceName, SluiceConfig, UpstreamOptions } from "sluice";
import { http, retry } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { runChaos } from "../support/chaos-arbitraries.ts";
import { eventually } from "../support/eventually.ts";
import { LimitedEndpoint } from "../support/limited-endpoint.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const small = (max: number) => fc.integer({ min: 0, max });
const balance = fc.constantFrom<BalanceName>("round-robin", "least-connections", "random", "random-two", "hash");
const plugins = fc.record({ http: fc.boolean(), retry: fc.boolean() });
/** One client, and what happens when it has come. */
const client = fc.record({ ms: small(20), isBroken: fc.boolean(), leavesAfter: fc.option(small(30), { nil: undefined, freq: 5 }) });
const event = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("toggle" as const), endpoint: small(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reload" as const),
      endpoint: small(2),
      most: fc.integer({ min: 1, max: 3 }),
      queue: fc.constantFrom(undefined, { max: 2, timeout: "30ms" }, { max: 50, timeout: "100ms" }),
    }),
  },
);
const scenario = fc.record({
  mosts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }),
  balance,
  plugins,
  queue: fc.constantFrom(undefined, { max: 2, timeout: "30ms" }, { max: 50, timeout: "100ms" }),
  steps: fc.array(fc.record({ client, event }), { minLength: 5, maxLength: 40 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;
type Event = NonNullable<Scenario["steps"][number]["event"]>;
type Way = Pick<Scenario, "balance" | "plugins">;

function configOf(
  endpoints: readonly LimitedEndpoint[],
  queue: UpstreamOptions["queue"],
  { balance: name, plugins: uses }: Way,
): SluiceConfig {
  const limited = endpoints.map(({ address, most }) => ({ address, maxSessions: most }));
  const upstream: UpstreamOptions = { endpoints: limited, balance: name, ejection: { failures: 2, time: "50ms" }, ...(queue && { queue }) };
  const used = [...(uses.retry ? [retry({ delay: "2ms" })] : []), ...(uses.http ? [http()] : [])];
  return { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins: used } } };
}

/** @returns the status; 0: there was no response, or the client left */
function ask(port: number, path: string, leavesAfter?: number): Promise<number> {
  const answered = new Promise<number>((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume().on("close", () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
    });
    asked
      .on("close", () => resolve(0))
      .on("error", () => undefined)
      .end();
    if (leavesAfter !== undefined) setTimeout(() => asked.destroy(), leavesAfter);
  });
  return bounded(answered, "the end of a request", 20_000);
}

/** With as many requests as there is room, each endpoint has all that it takes, and the status says so. */
async function expectAllRoom(started: TestProxy, endpoints: readonly LimitedEndpoint[]): Promise<void> {
  const sessionsOf = ({ address }: LimitedEndpoint): number | undefined =>
    started.proxy.status().upstreams.find(({ endpoint }) => endpoint === address)?.sessions;
  await eventually(() => expect(endpoints.map((each) => sessionsOf(each) ?? 0)).to.deep.equal(endpoints.map(() => 0)));
  const room = endpoints.reduce((sum, { most }) => sum + most, 0);
  const answers = Array.from({ length: room + 2 }, () => ask(started.port(), "/held"));
  const full = endpoints.map(({ most }) => most);
  await eventually(() => expect(endpoints.map(({ requests }) => requests)).to.deep.equal(full));
  expect(endpoints.map(sessionsOf)).to.deep.equal(full);
  const letAllGo = (): void => endpoints.forEach((each) => each.letGo());
  letAllGo();
  await eventually(() => expect(endpoints.reduce((sum, { requests }) => sum + requests, 0)).to.equal(2));
  letAllGo();
  expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([200]));
}

/** Runs something with a proxy and its endpoints, none of which may ever have too many requests. */
async function withRoom(
  { mosts, queue, ...way }: Way & { readonly mosts: readonly number[]; readonly queue: UpstreamOptions["queue"] },
  run: (started: TestProxy, endpoints: readonly LimitedEndpoint[]) => Promise<void>,
): Promise<void> {
  const endpoints = mosts.map((most) => new LimitedEndpoint(most));
  await Promise.all(endpoints.map((each) => each.start()));
  const started = await startProxy(configOf(endpoints, queue, way));
  try {
    await run(started, endpoints);
    expect(endpoints.map(({ excesses }) => excesses)).to.deep.equal(endpoints.map(() => []));
  } finally {
    await started.proxy.close();
    await Promise.all(endpoints.map((each) => each.stop()));
  }
}

async function happen(next: Event, way: Way, started: TestProxy, endpoints: readonly LimitedEndpoint[]): Promise<void> {
  const endpoint = endpoints[next.endpoint];
  if (endpoint === undefined) return;
  if (next.kind === "toggle") await (endpoint.isUp ? endpoint.stop() : endpoint.start());
  else {
    // Sessions that are on their way were let in by the limit before.
    endpoint.most = Math.max(endpoint.most, next.most);
    await started.proxy.apply(configOf(endpoints, next.queue, way));
  }
}

const trouble = ({ steps, ...way }: Scenario): Promise<void> =>
  withRoom(way, async (started, endpoints) => {
    const asked: Promise<number>[] = [];
    for (const { client: each, event: next } of steps) {
      asked.push(ask(started.port(), `/${each.ms}/${each.isBroken ? "reset" : "ok"}`, each.leavesAfter));
      if (next !== undefined) await happen(next, way, started, endpoints);
    }
    await Promise.all(asked);
    for (const each of endpoints) if (!each.isUp) await each.start();
    await eventually(() => expect(started.proxy.status().upstreams.every(({ state }) => state === "up")).to.equal(true));
    await started.proxy.apply(configOf(endpoints, { timeout: "15s" }, { ...way, plugins: { ...way.plugins, retry: true } }));
    await expectAllRoom(started, endpoints);
  });

describe("Endpoints with limits, at random", function () {
  this.timeout(120_000);
  expectNothingUncaught();

  it("never have more sessions than they take, and have room for as many after failures, resets, clients that left, and reloads", async () => {
    await runChaos("room", scenario, trouble, { runs: 60, ms: 8_000 });
  });

  it("serve everyone who may wait long enough", async () => {
    const calm = fc.record({
      mosts: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }),
      balance,
      plugins,
      clients: small(60),
    });
    const serve = ({ clients, ...way }: Way & { readonly mosts: number[]; readonly clients: number }): Promise<void> =>
      withRoom({ ...way, queue: { max: 100, timeout: "30s" } }, async (started) => {
        const answers = await Promise.all(Array.from({ length: clients }, (_, at) => ask(started.port(), `/${at % 7}/ok`)));
        expect(answers).to.deep.equal(answers.map(() => 200));
      });
    await runChaos("queue", calm, serve, { runs: 40, ms: 4_000 });
  });
});
