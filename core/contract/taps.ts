import type { ByteHookName } from "./hooks.ts";
import type { Session } from "./session.ts";

/** One direction of a session, while it runs the byte hooks of one generation. */
export interface TappedFlow {
  readonly session: Session;
  readonly direction: ByteHookName;
  /** The plugin uses whose hooks its data passes, in the order of the data. */
  readonly plugins: readonly string[];
}

/**
 * Sees one direction of a session at both of its legs, whatever the place of its plugin in the list is. It can change nothing. A chunk is lent
 * for the call alone: copy what is to be kept. A tap that throws is a fault of its plugin, and sees nothing more.
 */
export interface FlowTap {
  /** Came from the leg where the data begins, before the first plugin. */
  received?(chunk: Buffer): void;
  /** Goes to the leg where the data ends, after the last plugin. */
  sent?(chunk: Buffer): void;
  /** The peer that sends has finished (FIN). */
  ended?(): void;
  /** FIN goes to the peer that receives: nothing is sent after it. */
  finished?(): void;
}

/** The way to the bytes of both legs of every session that runs the plugin's own pipeline. */
export interface Taps {
  /**
   * Call it in the constructor or in `setup`.
   *
   * @param begin called for each direction of each session, before its first chunk or when a reload has brought it here; undefined: not watched
   */
  tap(begin: (flow: TappedFlow) => FlowTap | undefined): void;
}
