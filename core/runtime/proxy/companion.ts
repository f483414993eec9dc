import type { ResolvedConfig, SocketAddress } from "../../contract/index.ts";

/** Something ready to follow a config. */
export interface PreparedCompanion {
  /** Puts it into force. Nothing in here can fail. */
  begin(): void;
  /** Undoes what was done for it. */
  abandon(): void;
}

/** What lives beside a proxy and follows its config, all or not at all like everything else: the admin server. */
export interface Companion {
  /** Where it listens: no upstream of a session may lead there. */
  readonly address: SocketAddress | undefined;
  /** What a browser opens. */
  readonly url: string | undefined;
  /** Rejects with what refuses the config. */
  prepare(config: ResolvedConfig): Promise<PreparedCompanion>;
  /** The proxy has closed. */
  close(): Promise<void>;
}
