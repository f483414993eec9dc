import type { Observable } from "rxjs";
import type { PluginUse, UseOptions } from "sluice";
import { z } from "zod";
import { refusal } from "./broken/refuse.ts";
import { defineFault } from "./definition/define-fault.ts";
import { commonOptions, type FaultConfig } from "./definition/every-fault.ts";
import type { FaultHooks, FaultKind, FaultSite, FaultedDirection } from "./definition/fault-kind.ts";
import { refuseMisplaced } from "./definition/misplaced.ts";
import { kinds, scriptFaults, type ScriptStep } from "./script-step.ts";

type Faults = z.output<typeof scriptFaults>;
type Step = Faults | "pass";

const schema = z.object({
  ...commonOptions,
  steps: z.array(z.union([z.literal("pass"), scriptFaults])).min(1),
});

interface Part {
  readonly id: string;
  readonly direction: string;
  readonly hooks: FaultHooks;
}

interface Scene {
  /** The number of the first session after this scene. */
  readonly until: number;
  readonly parts: readonly Part[];
}

const scriptKind = {
  id: "script",
  schema,
  on: "both",
  series: ({ steps }) => JSON.stringify(steps),
  make: ({ steps }, site) => {
    const scenes = scenesOf(steps, site);
    const partsFor = ({ earlier }: FaultedDirection): readonly Part[] =>
      earlier === undefined ? [] : ((scenes.find(({ until }) => earlier < until) ?? scenes.at(-1))?.parts ?? []);
    return {
      open: (arrival, way) => partsFor(way).reduce((opening, { id, hooks }) => hooks.open?.(opening, way.beside(id)) ?? opening, arrival),
      data: (data, way, direction) =>
        partsFor(way)
          .filter((part) => part.direction === "both" || part.direction === direction)
          .reduce((flow: Observable<Buffer>, { id, hooks }) => hooks.data?.(flow, way.beside(id), direction) ?? flow, data),
    };
  },
} satisfies FaultKind<typeof schema>;

function scenesOf(steps: readonly Step[], site: FaultSite): Scene[] {
  let until = 0;
  return steps.map((each) => {
    until += each === "pass" || typeof each.refuse !== "number" ? 1 : each.refuse;
    return { until, parts: each === "pass" ? [] : partsOf(each, site) };
  });
}

function partsOf({ refuse, ...faults }: Faults, site: FaultSite): Part[] {
  const parts = Object.entries(faults).flatMap(([id, options]): Part[] => {
    if (options === undefined) return [];
    const kind = kinds[id as keyof typeof kinds];
    refuseMisplaced(kind, site);
    return [{ id, direction: options.direction, hooks: kind.make(options as never, site) }];
  });
  return refuse === undefined ? parts : [{ id: "refuse", direction: "both", hooks: refusal }, ...parts];
}

const scriptOf = defineFault(scriptKind);

/**
 * Faults for one session after the other: each step is for the next session, and the last step for all further ones.
 *
 * @example script([{ refuse: 2 }, { reset: { bytes: "1KiB" } }, "pass"])
 */
export function script(steps: readonly ScriptStep[], options: FaultConfig & UseOptions = {}): PluginUse {
  return scriptOf({ ...options, steps });
}
script.definition = scriptOf.definition;
