import type { ResolvedConfig, SocketAddress } from "../../contract/index.ts";
import type { SocketBeside } from "../listener/socket-beside.ts";

/** A companion that is ready to follow a config, as soon as its socket is bound. */
export interface PreparedCompanion {
  /** Its socket, which is bound together with those of the listeners, since they may exchange addresses. Undefined: it has none. */
  readonly socket?: SocketBeside;
  /** Puts it into force. Nothing in here can fail. */
  begin(): void;
}

/** Something that runs beside a proxy and follows its config, all or not at all like everything else: the admin server. */
export interface Companion {
  /** The address that it listens on: no session may have it as upstream. */
  readonly address: SocketAddress | undefined;
  /** The address for a browser. */
  readonly url: string | undefined;
  /** Changes nothing yet. Rejects with the error that refuses the config. */
  prepare(config: ResolvedConfig): Promise<PreparedCompanion>;
  /** The proxy has closed. */
  close(): Promise<void>;
}
