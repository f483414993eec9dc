import type { ResolvedConfig, SocketAddress } from "../../contract/index.ts";

/** A companion that is ready to follow a config. */
export interface PreparedCompanion {
  /** Puts it into force. Nothing in here can fail. */
  begin(): void;
  /**
   * Undoes the preparation.
   *
   * @returns messages for what could not be restored
   */
  abandon(): Promise<readonly string[]>;
}

/** Something that runs beside a proxy and follows its config, all or not at all like everything else: the admin server. */
export interface Companion {
  /** The address that it listens on: no session may have it as upstream. */
  readonly address: SocketAddress | undefined;
  /** The address for a browser. */
  readonly url: string | undefined;
  /** Rejects with the error that refuses the config. */
  prepare(config: ResolvedConfig): Promise<PreparedCompanion>;
  /** Tries what `prepare` does, and undoes it. What would disturb the running server is left out. Rejects with the error that refuses the config. */
  rehearse(config: ResolvedConfig): Promise<void>;
  /** The proxy has closed. */
  close(): Promise<void>;
}
