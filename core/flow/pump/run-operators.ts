import { ComposedOperators } from "./composed-operators.ts";
import type { Operators } from "./operators.ts";
import { RawOperators } from "./raw-operators.ts";
import type { OperatorsHost, RunningOperators } from "./running-operators.ts";

/** Makes the running operators of a flow; undefined: nothing has to run. @param limit bytes that asynchronous operators may hold */
export function runOperators(built: Operators | undefined, host: OperatorsHost, limit: number): RunningOperators | undefined {
  if (built === undefined || built.chain?.isEmpty === true) return undefined;
  return built.chain === undefined ? new RawOperators(built, host, limit) : new ComposedOperators(built.chain, host);
}
