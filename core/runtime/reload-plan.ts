import { isDeepStrictEqual } from "node:util";
import type { ListenAddress, ResolvedListener } from "../contract/index.ts";
import { addressText } from "../contract/endpoint.ts";
import { sameUses } from "./unchanged.ts";

/** What a reload does with one listener: keep it as it is, swap or otherwise treat its live sessions, drain or close it, bind it. */
export type PlannedAction = "keep" | "swap" | "drain" | "close" | "bind";

export interface PlannedStep {
  readonly listener: string;
  readonly action: PlannedAction;
  /** A sentence for people. */
  readonly detail: string;
  /** Live sessions concerned. */
  readonly sessions: number;
}

export interface ReloadPlan {
  readonly steps: readonly PlannedStep[];
}

export interface ReloadReport extends ReloadPlan {
  readonly generation: number;
  readonly durationMs: number;
}

/** What the plan must know of a running listener. */
export interface Running {
  readonly config: ResolvedListener;
  readonly sessions: number;
}

/** Says what applying `next` would do to what runs. `anew`: every pipeline is rebuilt, changed or not. */
export function planReload(running: ReadonlyMap<string, Running>, next: readonly ResolvedListener[], anew: boolean): ReloadPlan {
  const steps: PlannedStep[] = [];
  for (const listener of next) {
    const now = running.get(listener.name);
    if (now === undefined || !sameAddress(now.config.address, listener.address)) {
      if (now !== undefined)
        steps.push(retire(listener.name, now, `moves from ${addressText(now.config.address)}; what is open there drains`));
      steps.push({ listener: listener.name, action: "bind", detail: `binds ${addressText(listener.address)}`, sessions: 0 });
    } else steps.push(stay(listener, now, anew));
  }
  const names = new Set(next.map(({ name }) => name));
  for (const [name, now] of running)
    if (!names.has(name)) steps.push(retire(name, now, `leaves ${addressText(now.config.address)}; what is open drains`));
  return { steps };
}

/** Whether a bound socket serves both addresses. */
export function sameAddress(before: ListenAddress, after: ListenAddress): boolean {
  return isDeepStrictEqual(before, after);
}

/** Whether a bound socket can be taken over, perhaps by a listener of another name or with TLS on or off. */
export function sameSocket(before: ListenAddress, after: ListenAddress): boolean {
  return kind(before) === kind(after) && before.host === after.host && before.port === after.port && before.path === after.path;
}

/** Whether the pipeline may stay as it is. */
export function samePipeline(before: ResolvedListener, after: ResolvedListener): boolean {
  return before.address.transport === after.address.transport && sameUses(before.uses, after.uses);
}

function stay(listener: ResolvedListener, { config, sessions }: Running, anew: boolean): PlannedStep {
  const { name, reload } = listener;
  if (samePipeline(config, listener) && !anew) {
    const moved = !isDeepStrictEqual(config.upstream, listener.upstream);
    return {
      listener: name,
      action: "keep",
      detail: moved ? "keeps its pipeline; new sessions go to the new upstream" : "unchanged",
      sessions,
    };
  }
  const details = {
    swap: ["swap", "new pipeline, for open sessions too"],
    keep: ["keep", "new pipeline for new sessions; open ones stay on the old until they end"],
    drain: ["drain", `new pipeline for new sessions; open ones stay on the old for at most ${reload.deadlineMs} ms`],
    close: ["close", "new pipeline; open sessions are closed"],
  } as const;
  const [action, detail] = details[reload.sessions];
  return { listener: name, action, detail, sessions };
}

function retire(listener: string, { sessions }: Running, detail: string): PlannedStep {
  return { listener, action: "drain", detail, sessions };
}

/** TLS is TCP below. */
function kind({ transport }: ListenAddress): string {
  return transport === "tls" ? "tcp" : transport;
}
