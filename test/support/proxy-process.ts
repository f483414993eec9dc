// A proxy in a process of its own, so that its memory can be measured apart from the test's: `fork(this file, [shape, upstream])`.
// It sends { port }, answers "memory" with { rss }, and ends with its parent.

import { pino } from "pino";
import { createProxy } from "sluice";
import { concatMap, delay, interval, map, of, type Observable } from "rxjs";
import { answer, answerStream, each, inject } from "sluice/flow";
import { both, shapes } from "./shapes.ts";
import { plugin } from "./with-proxy.ts";
import type { PluginUse, SluiceConfig } from "sluice";

const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setTimeout(resolve, 1, chunk));
const slowly = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setTimeout(resolve, 20, chunk));
const answering = (respond: (data: Observable<Buffer>) => Observable<Buffer>): PluginUse[] => [
  plugin("answering", { connect: (_attempt, session) => of(answer("it", respond, session)) }),
];
const beat: Buffer = Buffer.alloc(256 * 1024);
const own: Readonly<Record<string, () => readonly PluginUse[]>> = {
  ...shapes,
  "raw delay of 200 ms": () => [both("delayed", (data) => data.pipe(delay(200)))],
  "raw concatMap on timers": () => [both("queued", (data) => data.pipe(concatMap(later)))],
  "an answer that echoes": () => answering((data) => data),
  "an answer with each on slow promises": () => answering((data) => data.pipe(each(slowly))),
  "an answer with plain operators before each on slow promises": () =>
    answering((data) =>
      data.pipe(
        map((chunk) => chunk),
        each(slowly),
      ),
    ),
  "an answer with concatMap on slow promises": () => answering((data) => data.pipe(concatMap(slowly))),
  "an answer by a stream that echoes": () => [
    plugin("answering", { connect: (_attempt, session) => of(answerStream("it", (stream) => void stream.pipe(stream), session)) }),
  ],
  "inject of 256 MiB a second": () => [
    plugin("injecting", { fromUpstream: (data) => data.pipe(inject(interval(1).pipe(map(() => beat)))) }),
  ],
  "inject of 256 MiB a second into an answer": () => answering((data) => data.pipe(inject(interval(1).pipe(map(() => beat))))),
  // Without a bound on what operators hold: what the others would do if the flow did not watch them.
  "no bound": () => [both("delayed", (data) => data.pipe(delay(60_000)))],
};

const [, , shape = "", upstream = ""] = process.argv;
const plugins = own[shape]?.() ?? [];
const config: SluiceConfig = {
  limits: shape === "no bound" ? { bufferPerFlow: "1GiB" } : {},
  listeners: { web: { listen: "tcp://127.0.0.1:0", ...(upstream === "" ? {} : { upstream }), plugins } },
};
const proxy = await createProxy(config, { logger: pino({ level: "silent" }) });
process.on("message", (message) => {
  if (message === "memory") process.send?.({ rss: process.memoryUsage.rss() });
  if (message === "counters") process.send?.(proxy.status().counters);
});
process.on("disconnect", () => process.exit());
process.send?.({ port: proxy.listeners["web"]?.address.port });
