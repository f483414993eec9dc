import type { Operation } from "../../../admin/operations/operation.ts";
import { followingNamed, savingNamed, steeringNamed } from "../../../admin/operations/operations.ts";
import { merges } from "./merged-answers.ts";

/**
 * Who answers an operation with several workers: `first`: the first process alone; `follow`: the first process, with a stream; `merge`: all workers
 * together; `any`: one of them, as all would say the same; `owner`: the worker that has the session; `refused`: nobody.
 */
export type AnsweredBy = "first" | "follow" | "merge" | "any" | "owner" | "refused";

/** Operations on a session, which only one worker knows. */
const owned: ReadonlySet<string> = new Set(["read_session", "end_session", "hold_session", "release_session", "inject_into_session"]);
const same: ReadonlySet<string> = new Set(["config", "openapi"]);

/** Who answers an operation. One in no list is refused, so that a new one is not by mistake done once by each worker. */
export function answeredBy({ name }: Operation): AnsweredBy {
  if (steeringNamed(name) !== undefined || savingNamed(name) !== undefined) return "first";
  if (followingNamed(name) !== undefined) return "follow";
  if (merges[name] !== undefined) return "merge";
  if (owned.has(name)) return "owner";
  return same.has(name) ? "any" : "refused";
}
