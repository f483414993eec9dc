import type { AnyErrorCode, SluiceError } from "../errors/errors.ts";
import type { RelayRecord } from "../session/datagrams.ts";
import type { EndReason, Session, Traffic } from "../session/session.ts";
import type { SessionAttempt } from "../upstream/attempt.ts";
import type { GenerationOrigin } from "./override.ts";
import type { TrialView } from "./trial.ts";

/** The phases of a session, in order: reading its ClientHello, admitting it, opening its upstream leg, passing its bytes. */
export type SessionPhase = "hello" | "admit" | "connect" | "flow";

/** The one record of a session that has ended. */
export interface SessionRecord {
  /** The listener's name. */
  readonly listener: string;
  /** The session's id. */
  readonly session: number;
  /** `"tcp"`, `"tls"`, `"unix"` or `"udp"`: the client's side. */
  readonly transport: string;
  /** The client's address with its port. */
  readonly client: string;
  /** The endpoint of the upstream leg; undefined when no leg was opened. */
  readonly upstream: string | undefined;
  /** The generation whose plugins it had at its end. */
  readonly generation: number;
  /** Why it ended: `"closed"` when both sides had finished, else the code of an error. */
  readonly reason: EndReason;
  /** What was wrong, in words; undefined when both sides had finished. Decide on `reason`, never on the text. */
  readonly message?: string;
  /** The phase in which it ended. */
  readonly phase: SessionPhase;
  /** Milliseconds from its acceptance to its end. */
  readonly durationMs: number;
  /** What the client sent. */
  readonly fromClient: Traffic;
  /** What the upstream sent. */
  readonly fromUpstream: Traffic;
  /** Its attempts, if there were several or the only one failed: the first 100. */
  readonly attempts?: readonly SessionAttempt[];
  /** All endpoints of its upstream were down, so it was sent to any. */
  readonly panic?: true;
  /** Set when the session had a relay of datagrams. */
  readonly relay?: RelayRecord;
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
      /** Undefined when the operating system dropped the connection before the proxy saw it. */
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
  | {
      /** An endpoint, or its health check, failed so often in a row that it gets no more sessions. */
      readonly type: "endpoint-down";
      readonly listener: string;
      /** As written in the config. */
      readonly endpoint: string;
      /** `failures`: sessions failed. `check`: its health check did. */
      readonly why: "failures" | "check";
      /** What the check found. */
      readonly detail?: string | undefined;
      /** Failed sessions in a row. */
      readonly failures: number;
      /** The code of the last failure. */
      readonly code: AnyErrorCode;
      /** Epoch milliseconds. */
      readonly since: number;
      /** Epoch milliseconds; undefined: until its check passes. */
      readonly until: number | undefined;
    }
  | {
      /** The endpoint gets sessions again. */
      readonly type: "endpoint-up";
      readonly listener: string;
      readonly endpoint: string;
      /** Why it was down. */
      readonly why: "failures" | "check";
      /** When it went down, in epoch milliseconds. */
      readonly since: number;
    }
  | { readonly type: "dropped"; readonly listener: string; readonly datagrams: number; readonly why: string }
  | { readonly type: "warning"; readonly listener: string | undefined; readonly message: string }
  | {
      readonly type: "reloaded";
      readonly generation: number;
      readonly durationMs: number;
      readonly origin: GenerationOrigin;
      /** Number of plugin uses that do not do what the config says; undefined: none. */
      readonly overrides?: number;
      readonly behind?: SessionsBehind;
    }
  | {
      /** A saved config is being tried on a share of the sessions. */
      readonly type: "trial";
      readonly generation: number;
      readonly trial: TrialView;
    }
  | {
      /** A saved config that was tried has been taken back: the generation before it serves all sessions again. */
      readonly type: "taken-back";
      readonly generation: number;
      /** A text for people: what failed, how often and where, or what replaced the config that was tried. */
      readonly reason: string;
      /** The sessions that could not go back, if any. */
      readonly behind?: SessionsBehind;
    }
  | { readonly type: "refused"; readonly error: SluiceError }
  | { readonly type: "closed" };
