import type { Plugin, ResolvedUse } from "../contract/index.ts";

/** A plugin use that lives: its instance, and what the pipeline must know of it. */
export interface LivePlugin {
  readonly use: ResolvedUse;
  readonly plugin: Plugin;
  readonly borrows: boolean;
  /** It has taken the state of the instance before it. */
  inherited?: true;
}
