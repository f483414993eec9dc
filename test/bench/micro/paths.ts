import { NEVER, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import { carry } from "../../../core/flow/operators/carry.ts";
import { Chain, type Step } from "../../../core/flow/chain/chain.ts";
import { each, stagesDownTo } from "../../../core/flow/operators/each.ts";
import { hooks, fakeFlow } from "./fake-flow.ts";

export type Run = (chunk: Buffer) => unknown;

/** A way that a chunk can take through so many stages. */
export interface Path {
  readonly stages: number;
  /** The path that it is compared with, and how many times its work this one does. */
  readonly against: { readonly path: string; readonly times: number };
  /** Makes the stages of one flow. */
  readonly make: () => Run;
}

export const chunk = Buffer.alloc(64, "x");

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

function composed(stages: number): Run {
  const chain = new Chain(steps(stages));
  return (given) => chain.run(given);
}

/** The same work with `carry`. */
function carried(stages: number): Run {
  const made = Array.from({ length: stages }, carryStage).reduce<Observable<Buffer>>((data, one) => data.pipe(one), NEVER);
  const chain = new Chain(stagesDownTo(made, NEVER).steps);
  chain.begin();
  return (given) => chain.run(given);
}

function byHand(): Run {
  const [a, b, c, d, e, f] = Array.from({ length: 6 }, stage) as [Run, Run, Run, Run, Run, Run];
  return (given) => f(e(d(c(b(a(given) as Buffer) as Buffer) as Buffer) as Buffer) as Buffer);
}

const to = (path: string, times = 1): Path["against"] => ({ path, times });

/** All paths by their names; what one is compared with stands in front of it. */
export const paths: ReadonlyMap<string, Path> = new Map<string, Path>([
  ["plain call", { stages: 1, against: to("plain call"), make: stage }],
  ["plain calls", { stages: 6, against: to("plain calls"), make: byHand }],
  ["chain of one", { stages: 1, against: to("plain call"), make: () => composed(1) }],
  ["chain", { stages: 6, against: to("plain calls"), make: () => composed(6) }],
  ["chain of twelve", { stages: 12, against: to("plain calls", 2), make: () => composed(12) }],
  ["chain of carry", { stages: 6, against: to("chain"), make: () => carried(6) }],
  ["whole flow, empty", { stages: 0, against: to("plain calls"), make: () => fakeFlow([]) }],
  ["whole flow", { stages: 6, against: to("plain calls"), make: () => fakeFlow(hooks(6, () => each(stage()))) }],
  ["whole flow of carry", { stages: 6, against: to("whole flow"), make: () => fakeFlow(hooks(6, carryStage)) }],
]);
