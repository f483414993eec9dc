import type { ResolvedListener } from "../../contract/index.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/**
 * A warning for a listener whose sessions certainly have nowhere to go: it has no upstream, and no plugin that could answer in `connect`, or send
 * them to another upstream in `admit`.
 */
export function unansweredWarning({ name, upstream }: ResolvedListener, { greet, admit, connect }: Pipeline): string | undefined {
  if (upstream !== undefined || greet !== undefined || admit !== undefined || connect !== undefined) return undefined;
  return `listeners.${name}: has no upstream, and no plugin that answers by itself: every session will be closed (SLUICE_UPSTREAM_MISSING). Give it an \`upstream\`, or a plugin with a connect hook`;
}
