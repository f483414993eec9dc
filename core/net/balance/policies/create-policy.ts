import type { BalanceName, UpstreamTarget } from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";
import { Hash } from "./hash.ts";
import { LeastConnections } from "./least-connections.ts";
import type { LoadChanges } from "../endpoints/load-changes.ts";
import { OwnPolicy } from "./own-policy.ts";
import type { Policy } from "./policy.ts";
import { RandomTwo } from "./random-two.ts";
import { Random } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Turns } from "./turns.ts";

export interface PolicyContext {
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly changes: LoadChanges;
  readonly turns: Turns;
}

type Make = (target: UpstreamTarget, all: readonly Candidate[], context: PolicyContext) => Policy;

/** One line for each built-in policy. */
const policies: Readonly<Record<BalanceName, Make>> = {
  "round-robin": (_target, _all, { turns }) => new RoundRobin(turns),
  "least-connections": (_target, _all, { changes, turns }) => new LeastConnections(changes, turns),
  random: (_target, _all, { random }) => new Random(random),
  "random-two": (_target, _all, { random }) => new RandomTwo(random),
  hash: ({ hash = "client" }, all, { turns }) => new Hash(all, hash, turns),
};

/** Makes the policy that an upstream's `balance` names. @param all endpoints of the upstream */
export function createPolicy(target: UpstreamTarget, all: readonly Candidate[], context: PolicyContext): Policy {
  const { balance } = target;
  return typeof balance === "function" ? new OwnPolicy(balance, context.turns) : policies[balance](target, all, context);
}
