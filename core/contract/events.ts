import type { SluiceError } from "./errors.ts";
import type { EndReason, Session, Traffic } from "./session.ts";

/** How far a session came: its ClientHello was read, it was admitted, its upstream leg opened, its bytes flowed. */
export type SessionPhase = "hello" | "admit" | "connect" | "flow";

/** The one record of a session that has ended. */
export interface SessionRecord {
  readonly listener: string;
  /** The session's id. */
  readonly session: number;
  readonly transport: string;
  readonly client: string;
  /** The endpoint; undefined when none was opened. */
  readonly upstream: string | undefined;
  readonly generation: number;
  readonly reason: EndReason;
  /** Where it was when it ended. */
  readonly phase: SessionPhase;
  readonly durationMs: number;
  readonly fromClient: Traffic;
  readonly fromUpstream: Traffic;
}

/** Open sessions that could not follow a reload, because a byte hook threw when it was called. They run on as before. */
export interface SessionsBehind {
  readonly sessions: number;
  /** The generations that they stay on. */
  readonly generations: readonly number[];
  /** What was thrown first, and by which plugin. */
  readonly reason: string;
}

/** What happens in a proxy. `proxy.events` has all of them, the token EVENTS those of the plugin's own pipeline. */
export type ProxyEvent =
  | { readonly type: "listening"; readonly listener: string; readonly url: string }
  | { readonly type: "unlistening"; readonly listener: string; readonly url: string }
  | { readonly type: "session-started"; readonly listener: string; readonly session: Session }
  | { readonly type: "session-ended"; readonly listener: string; readonly record: SessionRecord; readonly error: SluiceError | undefined }
  | {
      readonly type: "session-refused";
      readonly listener: string;
      /** Undefined where the operating system dropped it before anybody saw it. */
      readonly client: string | undefined;
      readonly error: SluiceError;
    }
  | { readonly type: "swapped"; readonly listener: string; readonly session: Session; readonly generation: number }
  | {
      readonly type: "plugin-fault";
      readonly listener: string;
      readonly plugin: string;
      readonly session: Session | undefined;
      readonly error: SluiceError;
    }
  | { readonly type: "dropped"; readonly listener: string; readonly datagrams: number; readonly why: string }
  | { readonly type: "warning"; readonly listener: string | undefined; readonly message: string }
  | { readonly type: "reloaded"; readonly generation: number; readonly durationMs: number; readonly behind?: SessionsBehind }
  | { readonly type: "refused"; readonly error: SluiceError }
  | { readonly type: "closed" };
