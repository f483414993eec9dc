import type { Limits, Session, SluiceError, SocketAddress } from "../contract/index.ts";

/** What a session tells its listener. */
export interface SessionHost<S extends Session = Session> {
  readonly local: SocketAddress;
  readonly limits: Limits;
  readonly handshakeTimeout: number;
  ended(session: S, error: SluiceError | undefined): void;
  fault(plugin: string, error: SluiceError, session: S): void;
  warning(message: string): void;
  dropped(datagrams: number): void;
  swapped(session: S): void;
}
