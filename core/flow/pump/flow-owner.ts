import type { FlowTap, Leg, Limits, Session, SluiceError } from "../../contract/index.ts";

/** The owner of a flow: its session. */
export interface FlowOwner {
  readonly session: Session;
  readonly limits: Limits;
  /** The new operators are in place, or the old ones are done. */
  flowSwapped(): void;
  /** The observer of the flow that reads this leg; null: none. Called before its first chunk passes. */
  tapOf?(source: Leg): Required<FlowTap> | null;
  /** Its first chunk has come. */
  flowBegan?(flow: object): void;
  /** The session cannot go on. */
  fail(error: SluiceError): void;
  /**
   * A plugin failed in a hook; with onError "close", `fail` follows.
   * @param source the leg whose data its byte hook worked on; undefined: another hook
   */
  flowFault(plugin: string, error: SluiceError, source?: Leg): void;
  flowWarning(message: string): void;
  /**
   * Datagrams were dropped because operators hold `limits.bufferPerFlow` bytes.
   * @param what "inject": chunks of `inject()` were dropped, because that many bytes wait
   */
  flowDropped(chunks: number, what?: "inject"): void;
}
