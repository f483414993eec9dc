import type { Plugin, ResolvedUse } from "../contract/index.ts";

/** A live plugin use: its instance, and what the pipeline must know about it. */
export interface LivePlugin {
  readonly use: ResolvedUse;
  readonly plugin: Plugin;
  readonly borrows: boolean;
  /** It has taken over the state of the instance before it. */
  inherited?: true;
}
