import { join } from "node:path";
import { ask, start, type Cost } from "../live-proxy.ts";
import { nextPort, type Workshop } from "../under-test.ts";
import type { Case } from "./cases.ts";
import { writeGrown } from "./configs.ts";

/** Saves before those that count: the first ones compile the code. */
const warmUps = 5;
const saves = 3;
const micro = 1000;

/** Microseconds of CPU that a save costs, the cheapest of some. */
export async function costOfSave(one: Case, count: number, names: number, workshop: Workshop): Promise<number> {
  const [listen, upstream] = [await nextPort(), await nextPort()];
  const { config, edited } = writeGrown(join(workshop.folder, `saved-${listen}`), one.subject, count, { listen, upstream, names });
  const proxy = await start("proxy", "proxies/live-config.js", [config, edited]);
  const load = one.open === true ? await start("load", "load/steady.js", [listen, upstream, count].map(String)) : undefined;
  try {
    for (let index = 0; index < warmUps; index += 1) await ask<Cost>(proxy);
    const costs: number[] = [];
    for (let index = 0; index < saves; index += 1) costs.push((await ask<Cost>(proxy)).cpuMs);
    return Math.min(...costs) * micro;
  } finally {
    load?.kill("SIGKILL");
    proxy.kill("SIGKILL");
  }
}
