import { SluiceError, type Session } from "sluice";
import type { SessionRecorder } from "./session-recorder.ts";

/** The recorded ends of sessions that did not finish normally. An end that the proxy itself caused is not recorded. */
const endings: Readonly<Record<string, Parameters<SessionRecorder["closed"]>>> = {
  SLUICE_CLIENT_RESET: ["client", "reset"],
  SLUICE_UPSTREAM_RESET: ["upstream", "reset"],
  SLUICE_IDLE_TIMEOUT: ["upstream", "idle"],
};

/** Records how a session ended, according to its signal. */
export function noteEnd({ signal }: Session, recorder: SessionRecorder): void {
  const reason: unknown = signal.reason;
  const ending = SluiceError.is(reason) ? endings[reason.code] : undefined;
  if (ending !== undefined) recorder.closed(...ending);
}
