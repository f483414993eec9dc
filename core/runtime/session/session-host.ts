import type { Limits, Session, SluiceError, SocketAddress } from "../../contract/index.ts";
import type { TapWatcher } from "../version/pipeline-taps.ts";
import type { SwapFault } from "./session-flows.ts";

/** What a session tells its listener. */
export interface SessionHost<S extends Session = Session> {
  readonly local: SocketAddress;
  readonly limits: Limits;
  readonly handshakeTimeout: number;
  /** Milliseconds without a byte. */
  readonly idleTimeout: number;
  /** TLS with clients. */
  readonly handshakes: { ok: number; failed: number };
  /** Who watches its sessions, whatever their pipelines are. */
  readonly attached: readonly TapWatcher[];
  /** An HTTP request of a session is over. */
  requested(method: string, status: number, durationMs: number): void;
  ended(session: S, error: SluiceError | undefined): void;
  fault(plugin: string, error: SluiceError, session: S): void;
  warning(message: string): void;
  /** @param what chunks of `inject()`, and no datagrams; or datagrams of a relay */
  dropped(chunks: number, what?: "inject" | "relay"): void;
  /** @param fault why it could not be */
  swapped(session: S, fault: SwapFault | undefined): void;
}
