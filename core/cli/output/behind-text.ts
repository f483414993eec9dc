import type { SessionsBehind } from "../../contract/index.ts";
import { onOneLine } from "./show-error.ts";

/** The addition to the line of a reload when plugin uses have overrides of the config: ` (1 override)`. */
export function overridesText(overrides: number | undefined): string {
  if (overrides === undefined || overrides === 0) return "";
  return ` (${overrides} override${overrides === 1 ? "" : "s"})`;
}

/** The addition to the line of a reload when some open sessions stay on an older generation: ` (3 sessions stay on generation 4: …)`. */
export function behindText(behind: SessionsBehind | undefined): string {
  if (behind === undefined) return "";
  const { sessions, generations, reason } = behind;
  const subject = sessions === 1 ? "1 session stays" : `${sessions} sessions stay`;
  const on = generations.length === 1 ? `generation ${generations[0]}` : `generations ${generations.join(", ")}`;
  return ` (${subject} on ${on}: ${onOneLine(reason)})`;
}
