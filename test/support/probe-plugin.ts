import { definePlugin, type Hooks, type PluginUse, type UseOptions } from "sluice";

/** What happened to the instances of a probe, in order: `construct 1`, `setup 1`, `inherit 2 from 1`, `teardown 1`. */
export interface Probe {
  readonly steps: readonly string[];
  /** A use of it in a config. Another `version` is another option, so that the pipeline changes. */
  use(options?: { readonly version?: number } & UseOptions): PluginUse;
  count(step: string): number;
  /** From now on `inherit` throws this. */
  refuse(message: string): void;
}

interface Instance extends Hooks {
  readonly number: number;
  setup(): void | Promise<void>;
  teardown(): void;
  inherit(previous: Instance): void;
}

export interface ProbeOptions {
  readonly hooks?: (instance: number) => Hooks;
  readonly setup?: (instance: number) => void | Promise<void>;
}

/** Makes a plugin that tells of its life cycle. */
export function createProbe(given: ProbeOptions = {}): Probe {
  const steps: string[] = [];
  let built = 0;
  let refusal: string | undefined;
  const factory = definePlugin("probe", (_options: { readonly version?: number }): Instance => {
    built += 1;
    const number = built;
    steps.push(`construct ${number}`);
    return {
      ...given.hooks?.(number),
      number,
      setup: () => {
        steps.push(`setup ${number}`);
        return given.setup?.(number);
      },
      teardown: () => void steps.push(`teardown ${number}`),
      inherit: (previous) => {
        steps.push(`inherit ${number} from ${previous.number}`);
        if (refusal !== undefined) throw new Error(refusal);
      },
    };
  });
  return {
    steps,
    use: (options = {}) => factory(options),
    count: (step) => steps.filter((each) => each.startsWith(step)).length,
    refuse: (message) => void (refusal = message),
  };
}
