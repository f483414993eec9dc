import { isDeepStrictEqual } from "node:util";
import type { ResolvedListener, SessionsBehind, TrialView } from "../../contract/index.ts";
import { addressText } from "../../contract/config/listen-address.ts";
import { transportOf } from "../../net/transports/table.ts";
import { movedEndpoints } from "./moved-endpoints.ts";
import { claimSockets, type SocketHolder } from "./socket-claims.ts";
import { sameUses } from "./unchanged.ts";

/** What a reload does with one listener: keep it, swap its open sessions, drain or close it, or bind it. */
export type PlannedAction = "keep" | "swap" | "drain" | "close" | "bind";

/** What a reload does with one listener, and how many sessions it concerns. */
export interface PlannedStep {
  /** The name of the listener. */
  readonly listener: string;
  /** What happens to it. */
  readonly action: PlannedAction;
  /** A sentence for people. */
  readonly detail: string;
  /** The number of open sessions concerned. */
  readonly sessions: number;
}

/** What a reload would do, listener by listener. */
export interface ReloadPlan {
  /** One step for each listener. */
  readonly steps: readonly PlannedStep[];
  /** The trial that has begun; undefined: none. */
  readonly trial?: TrialView;
}

/** What a reload has done. */
export interface ReloadReport extends ReloadPlan {
  /** The number of the generation that runs now. */
  readonly generation: number;
  /** How long the reload took, in milliseconds. */
  readonly durationMs: number;
  /** Open sessions that could not follow; undefined: none. */
  readonly behind?: SessionsBehind;
}

/** A running listener, as the plan sees it. */
export interface RunningListener extends SocketHolder<ResolvedListener> {
  readonly sessions: number;
}

/** What applying `next` would do to the running listeners. @param rebuild every pipeline is built again, changed or not */
export function planReload(running: ReadonlyMap<string, RunningListener>, next: readonly ResolvedListener[], rebuild: boolean): ReloadPlan {
  const claims = claimSockets([...running.values()], next);
  const goOn = new Set(Array.from(claims.values(), ({ goesOn }) => goesOn));
  const handedOver = new Set(Array.from(claims.values(), ({ socketOf }) => socketOf));
  const leaving = [...running.values()].filter((each) => !goOn.has(each));
  const names = new Map(next.map((listener) => [listener.name, listener]));
  const steps = next.map((listener): PlannedStep => {
    const { goesOn, socketOf } = claims.get(listener.name) ?? {};
    if (goesOn !== undefined) return socketOf === goesOn ? stay(listener, goesOn, rebuild) : move(listener, goesOn, rebuild);
    const place = addressText(listener.address);
    const detail =
      socketOf === undefined ? `binds ${place}` : `serves ${place} on the socket of ${socketOf.config.name}, which stays bound`;
    return { listener: listener.name, action: "bind", detail, sessions: 0 };
  });
  return { steps: [...leaving.map((old) => retire(old, names.get(old.config.name), !handedOver.has(old))), ...steps] };
}

/** Whether the pipeline may stay as it is. */
export function samePipeline(before: ResolvedListener, after: ResolvedListener): boolean {
  return before.address.transport === after.address.transport && sameUses(before.uses, after.uses);
}

function movedFlows({ sessions, deadlineMs }: ResolvedListener["reload"]): Pick<PlannedStep, "action" | "detail"> {
  const details = {
    swap: ["swap", "same pipeline; open flows at endpoints that are gone go to the new upstream with their next datagram"],
    keep: ["keep", "same pipeline; new flows go to the new upstream"],
    drain: [
      "drain",
      `same pipeline; new flows go to the new upstream, and open ones at endpoints that are gone have at most ${deadlineMs} ms`,
    ],
    close: ["close", "same pipeline; open flows at endpoints that are gone are closed, new ones go to the new upstream"],
  } as const;
  const [action, detail] = details[sessions];
  return { action, detail };
}

function stay(listener: ResolvedListener, { config, sessions }: RunningListener, rebuild: boolean): PlannedStep {
  const { name, reload } = listener;
  if (samePipeline(config, listener) && !rebuild) {
    const moved = !isDeepStrictEqual(config.upstream, listener.upstream);
    if (movedEndpoints(config, listener).gone.size > 0) return { listener: name, ...movedFlows(reload), sessions };
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

/** The step of a listener whose old address is in the way of the new one. */
function move(listener: ResolvedListener, now: RunningListener, rebuild: boolean): PlannedStep {
  const step = stay(listener, now, rebuild);
  const detail = `binds ${addressText(listener.address)} in place of ${addressText(now.bound)}; open sessions live on`;
  return { ...step, detail: step.detail === "unchanged" ? detail : `${detail}; ${step.detail}` };
}

/** The step of a listener that is removed or moves. UDP flows use the listener's socket, and end with it. */
function retire({ config, bound, sessions }: RunningListener, next: ResolvedListener | undefined, closes: boolean): PlannedStep {
  const { name, reload } = config;
  const leaves = next === undefined ? `leaves ${addressText(bound)}` : `moves from ${addressText(bound)} to ${addressText(next.address)}`;
  const ends = transportOf(bound).datagrams && closes;
  return {
    listener: name,
    action: ends ? "close" : "drain",
    detail: `${leaves}; ${ends ? "its open flows end" : `open sessions have at most ${reload.deadlineMs} ms`}`,
    sessions,
  };
}
