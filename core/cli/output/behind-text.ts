import type { SessionsBehind } from "../../contract/index.ts";
import { onOneLine } from "./show-error.ts";

/** What is added to the line of a reload where plugin uses do not do what the config says: ` (1 override)`. */
export function overridesText(overrides: number | undefined): string {
  if (overrides === undefined || overrides === 0) return "";
  return ` (${overrides} override${overrides === 1 ? "" : "s"})`;
}

/** What is added to the line of a reload that not all open sessions could follow: ` (3 sessions stay on generation 4: …)`. */
export function behindText(behind: SessionsBehind | undefined): string {
  if (behind === undefined) return "";
  const { sessions, generations, reason } = behind;
  const subject = sessions === 1 ? "1 session stays" : `${sessions} sessions stay`;
  const on = generations.length === 1 ? `generation ${generations[0]}` : `generations ${generations.join(", ")}`;
  return ` (${subject} on ${on}: ${onOneLine(reason)})`;
}
