// npm run bench:micro
//
// What the composed path costs per chunk and stage, beside a plain call of the same function: nothing else may hide in it.
import { NEVER, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import { carry } from "../../../core/flow/operators/carry.ts";
import { Chain, type Step } from "../../../core/flow/chain/chain.ts";
import { each, stagesDownTo } from "../../../core/flow/operators/each.ts";
import { median, table } from "../report.ts";
import { balanceTable } from "./balance.ts";
import { codecTable } from "./codecs.ts";
import { hooks, fakeFlow } from "./fake-flow.ts";
import { kitTable } from "./kit.ts";

type Run = (chunk: Buffer) => unknown;

const chunk = Buffer.alloc(64, "x");
const repeats = 7;
const calls = 2_000_000;
/** Stages made per session and direction are closures of their own; many of them visited in turn is how a proxy meets them. */
const flows = [1, 128, 2000];

/** A stage with state of its own, as hooks make them. */
function stage(): (chunk: Buffer) => Buffer {
  let bytes = 0;
  return (given) => {
    bytes += given.length;
    return bytes < 0 ? chunk : given;
  };
}

/** The same with the flow's state. */
const carryStage = (): MonoTypeOperatorFunction<Buffer> =>
  carry({
    start: () => ({ bytes: 0 }),
    step: (state, given: Buffer) => {
      state.bytes += given.length;
      return state.bytes < 0 ? chunk : given;
    },
  });

const steps = (count: number): Step[] => Array.from({ length: count }, () => ({ run: stage(), plugin: "bench" }));

/** Nanoseconds per call, the best of the repeats and their median. */
function time(runs: readonly Run[]): { best: number; median: number } {
  const found: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const startedAt = process.hrtime.bigint();
    for (let done = 0; done < calls; done += runs.length) for (const run of runs) run(chunk);
    found.push(Number(process.hrtime.bigint() - startedAt) / calls);
  }
  return { best: Math.min(...found), median: median(found) };
}

function composed(stages: number): Run {
  const chain = new Chain(steps(stages));
  return (given) => chain.run(given);
}

/** The same work with `carry`: the state is the flow's. */
function carried(stages: number): Run {
  const made = Array.from({ length: stages }, carryStage).reduce<Observable<Buffer>>((data, one) => data.pipe(one), NEVER);
  const chain = new Chain(stagesDownTo(made, NEVER).steps);
  chain.begin();
  return (given) => chain.run(given);
}

function byHand(stages: number): Run {
  const [a, b, c, d, e, f] = Array.from({ length: stages }, stage) as [Run, Run, Run, Run, Run, Run];
  return stages === 1 ? a : (given) => f(e(d(c(b(a(given) as Buffer) as Buffer) as Buffer) as Buffer) as Buffer);
}

/** One line of the table: so many runs of so many stages, beside what the same number of plain calls costs. */
function line(what: string, stages: number, runs: readonly Run[], plain: number): string[] {
  const { best, median: middle } = time(runs);
  const perStage = stages === 0 ? "" : (best / stages).toFixed(2);
  return [what, `${runs.length}`, `${stages}`, best.toFixed(1), middle.toFixed(1), perStage, `${(best / plain).toFixed(2)} x`];
}

// First: it says how long the first proxy of a process takes.
process.stdout.write(`${await kitTable()}\n\n`);
const rows = flows.flatMap((count) => {
  const many = (make: () => Run): Run[] => Array.from({ length: count }, make);
  const one = time(many(() => byHand(1))).best;
  const six = time(many(() => byHand(6))).best;
  return [
    line(
      "plain call",
      1,
      many(() => byHand(1)),
      one,
    ),
    line(
      "plain calls",
      6,
      many(() => byHand(6)),
      six,
    ),
    line(
      "chain",
      1,
      many(() => composed(1)),
      one,
    ),
    line(
      "chain",
      6,
      many(() => composed(6)),
      six,
    ),
    line(
      "chain",
      12,
      many(() => composed(12)),
      six * 2,
    ),
    line(
      "whole flow",
      0,
      many(() => fakeFlow([])),
      six,
    ),
    line(
      "whole flow",
      6,
      many(() => fakeFlow(hooks(6, () => each(stage())))),
      six,
    ),
  ];
});
// Last: what V8 learns of one kind of stage would make the other's rows slower.
const carryRows = flows.flatMap((count) => {
  const many = (make: () => Run): Run[] => Array.from({ length: count }, make);
  const six = time(many(() => byHand(6))).best;
  return [
    line(
      "chain of carry",
      6,
      many(() => carried(6)),
      six,
    ),
    line(
      "whole flow of carry",
      6,
      many(() => fakeFlow(hooks(6, carryStage))),
      six,
    ),
  ];
});
process.stdout.write(
  `${table(["path", "flows", "stages", "ns/chunk, best", "median", "ns/stage", "against plain calls"], [...rows, ...carryRows])}\n\n${codecTable()}\n\n${balanceTable()}\n`,
);
