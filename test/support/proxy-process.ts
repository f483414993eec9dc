// A proxy in a process of its own, so that its memory can be measured apart from the test's: `fork(this file, [shape, upstream])`.
// It sends { port }, answers "memory" with { rss }, and ends with its parent.

import { pino } from "pino";
import { createProxy } from "sluice";
import { concatMap, delay } from "rxjs";
import { both, shapes } from "./shapes.ts";
import type { PluginUse, SluiceConfig } from "sluice";

const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setTimeout(resolve, 1, chunk));
const own: Readonly<Record<string, () => readonly PluginUse[]>> = {
  ...shapes,
  "raw delay of 200 ms": () => [both("delayed", (data) => data.pipe(delay(200)))],
  "raw concatMap on timers": () => [both("queued", (data) => data.pipe(concatMap(later)))],
  // Without a bound on what operators hold: what the others would do if the flow did not watch them.
  "no bound": () => [both("delayed", (data) => data.pipe(delay(3000)))],
};

const [, , shape = "", upstream = ""] = process.argv;
const plugins = own[shape]?.() ?? [];
const config: SluiceConfig = {
  limits: shape === "no bound" ? { bufferPerFlow: "4GiB" } : {},
  listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins } },
};
const proxy = await createProxy(config, { logger: pino({ level: "silent" }) });
process.on("message", (message) => {
  if (message === "memory") process.send?.({ rss: process.memoryUsage.rss() });
});
process.on("disconnect", () => process.exit());
process.send?.({ port: proxy.listeners["web"]?.address.port });
