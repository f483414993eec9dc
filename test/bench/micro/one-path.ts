// node one-path.js PATH FLOWS: prints the nanoseconds of CPU per chunk of one path, with so many flows. It has a process of its own: what V8 has learnt of
// another path, and the garbage that this has left, would change the figure.
import { chunk, paths, type Run } from "./paths.ts";

const repeats = 3;
const calls = 500_000;

/** Many flows visited in turn are how a proxy meets them. */
function time(runs: readonly Run[]): number {
  const { user, system } = process.cpuUsage();
  for (let done = 0; done < calls; done += runs.length) for (const run of runs) run(chunk);
  const used = process.cpuUsage();
  return ((used.user + used.system - user - system) * 1000) / calls;
}

const [name = "", flows = "1"] = process.argv.slice(2);
const path = paths.get(name);
if (path === undefined) throw new Error(`no path has the name ${name}`);
const runs = Array.from({ length: Number(flows) }, path.make);
// Optimized code is made meanwhile, on another thread.
time(runs);
process.stdout.write(`${Math.min(...Array.from({ length: repeats }, () => time(runs)))}\n`);
