import type { Leg, LegReader } from "../../contract/index.ts";

/** The base of all datagram legs: reading cannot be paused, there is no end of a stream, and a reset is the same as closing. */
export abstract class DatagramLeg implements Leg {
  readonly datagrams = true;
  readonly borrows = false;
  readonly pending = 0;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  protected closed = false;

  abstract read(reader: LegReader): void;
  abstract write(datagram: Buffer): boolean;
  /** Frees what the leg uses. Called once. */
  protected abstract release(): void;

  resume(): void {
    // The flow drops what it cannot take.
  }

  end(): void {
    // UDP has no FIN.
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.release();
    queueMicrotask(() => this.onClosed?.());
  }
}
