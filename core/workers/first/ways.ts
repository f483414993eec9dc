import type { Operation } from "../../admin/operations/operation.ts";
import { followingNamed, steeringNamed } from "../../admin/operations/operations.ts";
import { merges } from "./merged-answers.ts";

/**
 * Who answers an operation where there are several workers: the first process alone (`first`, `follow`: it goes on), all together (`merge`), any
 * of them (they say the same), or the one that has what is asked for (`owner`: a session). `refused`: nobody.
 */
export type Way = "first" | "follow" | "merge" | "any" | "owner" | "refused";

/** What one worker knows, and the others do not. */
const owned: ReadonlySet<string> = new Set(["read_session", "end_session", "hold_session", "release_session", "inject_into_session"]);
const same: ReadonlySet<string> = new Set(["config", "openapi"]);

/** Closed: what is in no list is refused, lest a new operation is done once by each worker. */
export function wayOf({ name, onlyOneProcess }: Operation): Way {
  if (onlyOneProcess !== undefined) return "refused";
  if (steeringNamed(name) !== undefined) return "first";
  if (followingNamed(name) !== undefined) return "follow";
  if (merges[name] !== undefined) return "merge";
  if (owned.has(name)) return "owner";
  return same.has(name) ? "any" : "refused";
}
