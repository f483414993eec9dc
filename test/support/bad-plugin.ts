import type { MonoTypeOperatorFunction } from "rxjs";
import { definePlugin, type FunctionPlugin, type PluginUse } from "sluice";

/** A plugin that is wrong, and what the kit is to say of it. */
export interface BadPlugin {
  readonly what: string;
  readonly make: () => PluginUse;
  /** What is in the message of `testPlugin`; undefined: only `compliance` can see it. */
  readonly said: RegExp | undefined;
  /** What is in that of `compliance`. @default the same */
  readonly saidByCompliance?: RegExp;
  /** The check of `compliance` that finds it, where those before it take long. @default all of them, until it has been said */
  readonly check?: RegExp;
}

/** A plugin of which only this check is to say something. */
export interface BadHabit extends BadPlugin {
  readonly check: RegExp;
}

export const made = (hooks: () => FunctionPlugin) => (): PluginUse => definePlugin("bad", hooks)();

/** With an operator on what the client sends. */
export const through = (operator: MonoTypeOperatorFunction<Buffer>): (() => PluginUse) =>
  made(() => ({ fromClient: (data) => data.pipe(operator) }));
