import type { z } from "zod";
import type { GenerationCheck } from "../../runtime/proxy/steering.ts";
import type { Feed } from "../events/feed.ts";
import type { Live } from "./live.ts";
import type { Steered } from "./steered.ts";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What comes with a call beside its input. */
export interface Call {
  /** Throws SLUICE_ADMIN_STALE when the caller has seen another generation than the one given (HTTP's If-Match). */
  readonly check?: GenerationCheck | undefined;
}

/**
 * One thing that can be asked of a running proxy, by whatever way: HTTP, the control socket, the command line, MCP. Its input is one flat
 * object: what stands in `{…}` of the path, the query and the body together.
 */
export interface Operation<I extends z.ZodObject = z.ZodObject> {
  /** snake_case: what MCP and the control socket call it by. */
  readonly name: string;
  /** One sentence, for people and for `openapi.json`. */
  readonly summary: string;
  readonly method: Method;
  /** Below `/api/v1/`, such as `listeners/{listener}`. */
  readonly path: string;
  readonly input: I;
  /** `events`: an EventStream, which goes on until whoever asked leaves. @default "json", one value */
  readonly answers?: "json" | "events";
  /** Where the proxy is several processes it is refused, and this is why. @default they all answer, as one */
  readonly onlyOneProcess?: string;
  /** What it answers. Rejects with a SluiceError. */
  handle(live: Live, input: z.output<I>, call: Call): unknown;
}

/** One that makes another generation, or tells of them: the first of several processes does it for all. */
export interface SteeringOperation<I extends z.ZodObject = z.ZodObject> extends Operation<I> {
  handle(live: Steered, input: z.output<I>, call: Call): unknown;
}

/** One that goes on: of several processes the first one gathers what the others tell. */
export interface FollowingOperation<I extends z.ZodObject = z.ZodObject> extends Operation<I> {
  handle(live: { readonly feed: Feed }, input: z.output<I>, call: Call): unknown;
}

/** As {@link operation}. */
export function following<I extends z.ZodObject>(definition: FollowingOperation<I>): FollowingOperation {
  return definition;
}

/** As {@link operation}. */
export function steering<I extends z.ZodObject>(definition: SteeringOperation<I>): SteeringOperation {
  return definition;
}

/** Ties the handler's input to the schema. */
export function operation<I extends z.ZodObject>(definition: Operation<I>): Operation {
  return definition;
}
