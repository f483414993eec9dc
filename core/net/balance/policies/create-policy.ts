import type { UpstreamTarget } from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";
import { Hash } from "./hash.ts";
import { LeastConnections } from "./least-connections.ts";
import type { LoadChanges } from "../endpoints/load-changes.ts";
import { OwnPolicy } from "./own-policy.ts";
import type { Policy } from "./policy.ts";
import { RandomTwo } from "./random-two.ts";
import { Random } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";

export interface PolicyContext {
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly changes: LoadChanges;
  /** The position in the config of the endpoint that the previous generation chose last. */
  readonly last: number | undefined;
}

/** Makes the policy that an upstream's `balance` names. @param all endpoints of the upstream */
export function createPolicy({ balance, hash = "client" }: UpstreamTarget, all: readonly Candidate[], context: PolicyContext): Policy {
  const { random, changes, last } = context;
  if (typeof balance === "function") return new OwnPolicy(balance, last);
  if (balance === "hash") return new Hash(all, hash, last);
  if (balance === "random") return new Random(random);
  if (balance === "random-two") return new RandomTwo(random);
  return balance === "least-connections" ? new LeastConnections(changes) : new RoundRobin(last);
}
