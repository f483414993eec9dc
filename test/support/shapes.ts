import { concatMap, delay, map, tap } from "rxjs";
import type { Observable } from "rxjs";
import { each } from "sluice/flow";
import type { PluginUse } from "sluice";
import { plugin } from "./with-proxy.ts";

type Operator = (data: Observable<Buffer>) => Observable<Buffer>;

/** A plugin with the same operator in both directions. */
export const both = (id: string, operator: Operator): PluginUse => plugin(id, { fromClient: operator, fromUpstream: operator });

const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setImmediate(resolve, chunk));

/** Pipelines that change no byte, from none at all to the slowest kind: what holds for one must hold for all. */
export const shapes: Readonly<Record<string, () => readonly PluginUse[]>> = {
  "no plugin": () => [],
  "six each stages": () => Array.from({ length: 6 }, (_, at) => both(`sync-${at}`, (data) => data.pipe(each((chunk) => chunk)))),
  "each on promises": () => [both("later", (data) => data.pipe(each(later)))],
  "plain map and tap": () => [
    both("raw", (data) =>
      data.pipe(
        map((chunk) => Buffer.from(chunk)),
        tap(() => undefined),
      ),
    ),
  ],
  "raw delay": () => [both("delayed", (data) => data.pipe(delay(5)))],
  "raw concatMap on promises": () => [both("queued", (data) => data.pipe(concatMap(later)))],
};
