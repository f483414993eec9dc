// Sessions that carry ballast, in a process of its own: `node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 this-file`.
// Prints how much of the ballast of ended sessions one collection of the young generation leaves, as a share.

import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { createProxy, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";

const sessions = 300;
const warmUp = 1_500;
const doubles = 5_000;
const ballastBytes = sessions * doubles * 8;

const template = Array.from({ length: doubles }, (_, at) => at + 0.5);

const ballasted = definePlugin("ballasted", () => ({
  borrows: true,
  fromClient: (data) => {
    const ballast = template.slice();
    return data.pipe(each((chunk) => (ballast.length > 0 ? chunk : null)));
  },
}));

const upstream = await startUpstream("echo");
const proxy = await createProxy(
  { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: [ballasted()] } } },
  { logger: createLogger({ level: "silent" }) },
);
const port = proxy.listeners["web"]?.address.port ?? 0;
const collect = (globalThis as unknown as { gc: (options?: { type: "minor" }) => void }).gc;

async function exchangeAll(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const client = connect(port, "127.0.0.1");
    client.once("data", () => client.end());
    client.write("x");
    await once(client, "close");
  }
  while (proxy.sessions.size > 0) await pause(1);
}

function used(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) => name === "new_space" || name === "old_space");
  return spaces.reduce((sum, { space_used_size: size }) => sum + size, 0);
}

await exchangeAll(warmUp);
collect();
// What is finalised after a collection is collected by the next.
await pause(20);
collect();
const before = used();
await exchangeAll(sessions);
const full = used() - before;
collect({ type: "minor" });
const left = used() - before;
process.stdout.write(JSON.stringify({ made: full / ballastBytes, left: left / ballastBytes }));
await proxy.close();
await upstream.close();
