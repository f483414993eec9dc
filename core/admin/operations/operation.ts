import type { z } from "zod";
import type { GenerationCheck } from "../../runtime/proxy/steering.ts";
import type { Feed } from "../events/feed.ts";
import type { Schemas } from "../schemas/schemas.ts";
import type { EventStream } from "../events/event-stream.ts";
import type { ControlStream } from "../../net/control/control-stream.ts";
import type { Live } from "./live.ts";
import type { Saves } from "../saving/saves.ts";
import type { SteerableProxy } from "./steered.ts";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** The name of a schema, which is read only when somebody asks for `openapi.json`; or a word for an answer that is not one value. */
export type AnswerName = keyof Schemas | "stream";

type Answer<A extends AnswerName> = A extends keyof Schemas ? Schemas[A] : EventStream | ControlStream;

/** What comes with a call in addition to its input. */
export interface Call {
  /** Throws SLUICE_ADMIN_STALE if the caller has seen another generation than the one it is called with (HTTP's If-Match). */
  readonly check?: GenerationCheck | undefined;
}

/**
 * One operation on a running proxy, for all ways of asking: HTTP, the control socket, the command line, MCP. Its input is one flat object: the `{…}`
 * parts of the path, the query and the body together.
 */
export interface Operation<I extends z.ZodObject = z.ZodObject, A extends AnswerName = AnswerName> {
  /** The name in snake_case, which MCP and the control socket use. */
  readonly name: string;
  /** One sentence, for people and for `openapi.json`. */
  readonly summary: string;
  readonly method: Method;
  /** Below `/api/v1/`, such as `listeners/{listener}`. */
  readonly path: string;
  readonly input: I;
  /** The name of its answer's schema; `stream`: the answer goes on until the caller leaves. */
  readonly answer: A;
  /** Does the work and returns the answer. Rejects with a SluiceError. */
  handle(live: Live, input: z.output<I>, call: Call): Answer<A> | Promise<Answer<A>>;
}

/** An operation that makes another generation or shows generations: the first of several processes does it for all. */
export interface SteeringOperation<I extends z.ZodObject = z.ZodObject, A extends AnswerName = AnswerName> extends Operation<I, A> {
  handle(live: SteerableProxy, input: z.output<I>, call: Call): Answer<A> | Promise<Answer<A>>;
}

/** An operation with a stream as answer: the first of several processes gathers the events of the others. */
export interface FollowingOperation<I extends z.ZodObject = z.ZodObject, A extends AnswerName = AnswerName> extends Operation<I, A> {
  handle(live: { readonly feed: Feed }, input: z.output<I>, call: Call): Answer<A> | Promise<Answer<A>>;
}

/** The object that operations on captures and recordings work on: a proxy in this process, or one of several processes. */
export interface SavableProxy {
  readonly saves: Saves;
  /** The listener of an open session. @throws SLUICE_ADMIN_UNKNOWN */
  listenerOf(session: number): string | Promise<string>;
}

/** An operation on captures and recordings: the first of several processes does it for all. */
export interface SavingOperation<I extends z.ZodObject = z.ZodObject, A extends AnswerName = AnswerName> extends Operation<I, A> {
  handle(live: SavableProxy, input: z.output<I>, call: Call): Answer<A> | Promise<Answer<A>>;
}

/** The same as {@link operation}. */
export function saving<I extends z.ZodObject, A extends AnswerName>(definition: SavingOperation<I, A>): SavingOperation {
  return definition;
}

/** The same as {@link operation}. */
export function following<I extends z.ZodObject, A extends AnswerName>(definition: FollowingOperation<I, A>): FollowingOperation {
  return definition;
}

/** The same as {@link operation}. */
export function steering<I extends z.ZodObject, A extends AnswerName>(definition: SteeringOperation<I, A>): SteeringOperation {
  return definition;
}

/** Defines an operation. Gives its handler's input the type of its schema. */
export function operation<I extends z.ZodObject, A extends AnswerName>(definition: Operation<I, A>): Operation {
  return definition;
}
