import { SluiceError, type Session } from "sluice";
import type { SessionRecorder } from "./session-recorder.ts";

/** How sessions end that nobody has finished. What the proxy itself ends is nobody's doing: it is not recorded. */
const endings: Readonly<Record<string, Parameters<SessionRecorder["closed"]>>> = {
  SLUICE_CLIENT_RESET: ["client", "reset"],
  SLUICE_UPSTREAM_RESET: ["upstream", "reset"],
  SLUICE_IDLE_TIMEOUT: ["upstream", "idle"],
};

/** Notes how a session ended, which its signal says. */
export function noteEnd({ signal }: Session, recorder: SessionRecorder): void {
  const reason: unknown = signal.reason;
  const ending = SluiceError.is(reason) ? endings[reason.code] : undefined;
  if (ending !== undefined) recorder.closed(...ending);
}
