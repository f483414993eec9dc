import type { ByteHookName, Limits, Session, SluiceError, SocketAddress } from "../../contract/index.ts";
import type { AttachedWatchers } from "../version/attached-plugins.ts";
import type { SwapFault } from "./session-flows.ts";

/** The listener, as its sessions see it. */
export interface SessionHost<S extends Session = Session> {
  readonly local: SocketAddress;
  readonly limits: Limits;
  readonly handshakeTimeout: number;
  /** Milliseconds without a byte. */
  readonly idleTimeout: number;
  /** The same once one side has finished; 0: it ends then. */
  readonly halfClosedTimeout: number | undefined;
  /** Counts of TLS handshakes with clients. */
  readonly handshakes: { ok: number; failed: number };
  /** Watchers of all its sessions, independent of their pipelines. */
  readonly attached: AttachedWatchers;
  /** An HTTP request of a session is over. */
  requested(method: string, status: number, durationMs: number): void;
  ended(session: S, error: SluiceError | undefined): void;
  /** @param direction of the data that a byte hook worked on; undefined: another hook */
  fault(plugin: string, error: SluiceError, session: S, direction?: ByteHookName): void;
  warning(message: string): void;
  /** @param what `inject`: chunks of `inject()`; `relay`: datagrams of a relay. @default datagrams of a flow */
  dropped(chunks: number, what?: "inject" | "relay"): void;
  /** @param fault why the session could not be swapped; undefined: it was swapped */
  swapped(session: S, fault: SwapFault | undefined): void;
}
