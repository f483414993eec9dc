import type { SessionsBehind } from "../../contract/index.ts";
import { onOneLine } from "./show-error.ts";

/** What is added to the line of a reload that not all open sessions could follow: ` (3 sessions stay on generation 4: …)`. */
export function behindText(behind: SessionsBehind | undefined): string {
  if (behind === undefined) return "";
  const { sessions, generations, reason } = behind;
  const subject = sessions === 1 ? "1 session stays" : `${sessions} sessions stay`;
  const on = generations.length === 1 ? `generation ${generations[0]}` : `generations ${generations.join(", ")}`;
  return ` (${subject} on ${on}: ${onOneLine(reason)})`;
}
