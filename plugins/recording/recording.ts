/** Bytes that one side sent, or on UDP one datagram. */
export interface Message {
  readonly from: "client" | "upstream";
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** One side has finished: `fin`, or `reset`. */
interface Close {
  readonly close: "client" | "upstream";
  readonly at: number;
  readonly how: "fin" | "reset";
}

export type Entry = Message | Close;

/** What was said in sessions, in the order in which it was said. */
export interface Recording {
  /** Of a file with `transport: udp`. */
  readonly datagrams: boolean;
  readonly sessions: readonly (readonly Entry[])[];
}

/** Stands for what was not recorded; on replay it matches anything. */
export const REDACTED = Buffer.from("[redacted]");
