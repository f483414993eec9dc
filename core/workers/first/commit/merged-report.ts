import type { SessionsBehind } from "../../../contract/index.ts";
import type { ReloadReport } from "../../../runtime/generation/reload-plan.ts";

/** The sessions in all workers that could not follow a reload, if any. */
export function allBehind(reports: readonly Pick<ReloadReport, "behind">[]): { readonly behind?: SessionsBehind } {
  const all = reports.flatMap(({ behind }) => (behind === undefined ? [] : [behind]));
  const [first] = all;
  if (first === undefined) return {};
  const generations = [...new Set(all.flatMap((each) => each.generations))].toSorted((a, b) => a - b);
  return { behind: { sessions: all.reduce((sum, each) => sum + each.sessions, 0), generations, reason: first.reason } };
}
