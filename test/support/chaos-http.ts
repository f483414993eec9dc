import { expect } from "chai";
import * as fc from "fast-check";
import { setTimeout as pause } from "node:timers/promises";
import type { SluiceConfig } from "sluice";
import { http } from "sluice/plugins";
import { bounded } from "./bounded.ts";
import { activeResources, resourcesBeyond } from "./chaos-arbitraries.ts";
import { faultsOf, type ChaosConnection } from "./chaos-http-answers.ts";
import { startChaosHttp, type HttpAsk } from "./chaos-http-upstream.ts";
import { askHttp1 } from "./chaos-http1-client.ts";
import { askHttp2 } from "./chaos-http2-client.ts";
import { chaosUse, harmless, type Balance, type ChaosPlugin } from "./chaos-plugins.ts";
import { eventually } from "./eventually.ts";
import { startProxy } from "./with-proxy.ts";

const size = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 200_000 }));
const oneAsk: fc.Arbitrary<HttpAsk> = fc
  .record({
    method: fc.constantFrom("GET" as const, "POST" as const, "POST" as const, "HEAD" as const),
    up: size,
    down: size,
    chunked: fc.boolean(),
    trailers: fc.boolean(),
    slowly: fc.boolean(),
    ms: fc.integer({ min: 0, max: 3 }),
    fate: fc.oneof(
      { weight: 6, arbitrary: fc.constant("whole" as const) },
      { weight: 1, arbitrary: fc.constant("client cancels" as const) },
      { weight: 2, arbitrary: fc.constantFrom("client breaks off its body" as const, "upstream breaks off" as const) },
    ),
  })
  .map((given) => ({ ...given, up: given.method === "POST" ? given.up : 0 }))
  .map((given) => ({ ...given, fate: canHave(given) ? given.fate : "whole" }));

/** Only a body can be broken off: who closes a connection after a whole message breaks off the next one on it, whoever's it is. */
function canHave({ fate, method, up, down }: HttpAsk): boolean {
  if (fate === "upstream breaks off") return method !== "HEAD" && down > 0;
  return fate !== "client breaks off its body" || up > 100;
}

const plugins: fc.Arbitrary<ChaosPlugin[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...harmless), at: fc.integer({ min: 0, max: 4 }) }),
  { maxLength: 2 },
);

/** What happens in one run: the requests of each connection, and the reloads meanwhile. */
export interface HttpScenario {
  readonly connections: readonly { readonly http2: boolean; readonly slow: boolean; readonly asks: readonly HttpAsk[] }[];
  /** The version that the upstream speaks. */
  readonly version: "1.1" | "2";
  readonly plugins: readonly ChaosPlugin[];
  readonly applies: readonly { readonly ms: number; readonly plugins: readonly ChaosPlugin[] }[];
}

const oneConnection = fc
  .record({ http2: fc.boolean(), slow: fc.boolean(), gentle: fc.boolean(), asks: fc.array(oneAsk, { minLength: 1, maxLength: 6 }) })
  // Over HTTP/1 one request that is broken off excuses all of its connection, so that some must be without.
  .map(({ gentle, ...given }) =>
    given.http2 || !gentle ? given : { ...given, asks: given.asks.map((each) => ({ ...each, fate: "whole" as const })) },
  );

export const httpScenario: fc.Arbitrary<HttpScenario> = fc.record({
  connections: fc.array(oneConnection, { minLength: 1, maxLength: 5 }),
  version: fc.constantFrom("1.1" as const, "2" as const),
  plugins,
  applies: fc.array(fc.record({ ms: fc.integer({ min: 0, max: 6 }), plugins }), { maxLength: 3 }),
});

const patienceMs = 10_000;

/** Runs a scenario against real sockets. Each request must get its own response, whole unless somebody breaks it off, and nobody else's. */
export async function runHttp(scenario: HttpScenario): Promise<void> {
  const before = activeResources();
  const balance: Balance = { subscriptions: 0, plugins: 0 };
  const asks = scenario.connections.flatMap((connection) => connection.asks);
  let next = 0;
  const connections = scenario.connections.map((each): ChaosConnection => ({ ...each, asks: each.asks.map((given) => [next++, given]) }));
  const upstream = await startChaosHttp(scenario.version === "2", asks);
  const configOf = (given: readonly ChaosPlugin[], generation: number): SluiceConfig => {
    const routes = [
      { upstream: { endpoints: [upstream.endpoint], http: scenario.version }, headers: { set: { "x-generation": String(generation) } } },
    ];
    return {
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [...given.map((each) => chaosUse(each, balance)), http({ routes })] } },
    };
  };
  const started = await startProxy(configOf(scenario.plugins, 0));
  const reload = async (): Promise<void> => {
    for (const [at, { ms, plugins: given }] of scenario.applies.entries()) {
      await pause(ms);
      await started.proxy.apply(configOf(given, at + 1));
    }
  };
  const asking = connections.map(async (connection) => {
    const got = await bounded((connection.http2 ? askHttp2 : askHttp1)(started.port(), connection), "the end of a connection", patienceMs);
    return faultsOf(connection, got);
  });
  try {
    const [, ...faults] = await Promise.all([reload(), ...asking]);
    expect([...faults.flat(), ...upstream.faults].join("\n")).to.equal("");
  } finally {
    await started.proxy.close();
    await upstream.close();
  }
  expect(balance, "left of the plugins").to.deep.equal({ subscriptions: 0, plugins: 0 });
  await eventually(() => expect(resourcesBeyond(before), "left of the sockets and timers").to.deep.equal({}), { within: patienceMs });
}
