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
  /** Where it is bound: the port is never 0. */
  readonly bound: ListenAddress;
  readonly sessions: number;
}

/** Says what applying `next` would do to what runs. `anew`: every pipeline is rebuilt, changed or not. */
export function planReload(running: ReadonlyMap<string, Running>, next: readonly ResolvedListener[], anew: boolean): ReloadPlan {
  const names = new Map(next.map((listener) => [listener.name, listener]));
  const leaving = [...running.values()].filter(({ config }) => {
    const now = names.get(config.name);
    return now === undefined || !sameAddress(config.address, now.address);
  });
  const free = [...leaving];
  const steps = next.flatMap((listener): PlannedStep[] => {
    const now = running.get(listener.name);
    if (now !== undefined && !leaving.includes(now)) return [stay(listener, now, anew)];
    const at = free.findIndex(({ config, bound }) => takesOver(config, bound, listener));
    const [from] = at < 0 ? [] : free.splice(at, 1);
    const place = addressText(listener.address);
    const detail = from === undefined ? `binds ${place}` : `serves ${place} on the socket of ${from.config.name}, which stays bound`;
    return [{ listener: listener.name, action: "bind", detail, sessions: 0 }];
  });
  return { steps: [...leaving.map((old) => retire(old, names.get(old.config.name), free.includes(old))), ...steps] };
}

/** Whether the socket of a listener that leaves becomes another's. A port of 0 stands for that of the listener of the same name, and of no other. */
export function takesOver(old: ResolvedListener, bound: ListenAddress, next: ResolvedListener): boolean {
  return sameSocket(bound, next.address) || (old.name === next.name && sameSocket(old.address, next.address));
}

/** Whether a bound socket serves both addresses. */
export function sameAddress(before: ListenAddress, after: ListenAddress): boolean {
  return isDeepStrictEqual(before, after);
}

/** Whether a bound socket can be taken over, perhaps by a listener of another name or with TLS on or off. */
function sameSocket(before: ListenAddress, after: ListenAddress): boolean {
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
      detail: moved ? "same pipeline; new sessions go to the new upstream" : "unchanged",
      sessions,
    };
  }
  const details = {
    swap: ["swap", "new pipeline, for open sessions too"],
    keep: ["keep", "new pipeline for new sessions; open ones keep the old until they end"],
    drain: ["drain", `new pipeline for new sessions; open ones keep the old, and have at most ${reload.deadlineMs} ms`],
    close: ["close", "new pipeline for new sessions; open ones are closed"],
  } as const;
  const [action, detail] = details[reload.sessions];
  return { listener: name, action, detail, sessions };
}

/** UDP flows have only the listener's socket: they end with it. */
function retire({ config, bound, sessions }: Running, next: ResolvedListener | undefined, closes: boolean): PlannedStep {
  const { name, reload } = config;
  const leaves = next === undefined ? `leaves ${addressText(bound)}` : `moves from ${addressText(bound)} to ${addressText(next.address)}`;
  const ends = bound.transport === "udp" && closes;
  return {
    listener: name,
    action: ends ? "close" : "drain",
    detail: `${leaves}; ${ends ? "its open flows end" : `open sessions have at most ${reload.deadlineMs} ms`}`,
    sessions,
  };
}

/** TLS is TCP below. */
function kind({ transport }: ListenAddress): string {
  return transport === "tls" ? "tcp" : transport;
}
