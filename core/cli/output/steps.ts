import type { PlannedAction, PlannedStep } from "../../runtime/generation/reload-plan.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The steps of a reload for each listener, for people. */
export function stepLines(steps: readonly PlannedStep[], { colors }: Terminal): string[] {
  const paint: Readonly<Record<PlannedAction, (text: string) => string>> = {
    keep: colors.dim,
    swap: colors.cyan,
    drain: colors.yellow,
    close: colors.red,
    bind: colors.green,
  };
  return table(
    steps.map(({ action, listener, detail }) => [
      { text: action, paint: paint[action] },
      { text: listener, paint: colors.bold },
      { text: detail },
    ]),
  );
}
