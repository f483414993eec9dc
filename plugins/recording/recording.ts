/** Who says something. */
export type Side = "client" | "upstream";

/** What an entry says of the messages that it stands for, other than to be equal. All of it has to hold. */
export interface MatchRule {
  readonly prefix?: Buffer | undefined;
  /** Tested on the whole message, as latin1. */
  readonly regexp?: RegExp | undefined;
  /** Bytes that it has. */
  readonly length?: number | undefined;
  /** What it ends with, on a stream. */
  readonly until?: Buffer | undefined;
}

/** Bytes that one side sent, or on UDP one datagram. */
export interface Message {
  readonly from: Side;
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly bytes: Buffer;
  /** How a message is compared with it. @default byte for byte */
  readonly rule?: MatchRule | undefined;
  /** What is taken out of the message that matches, by name, for templates. */
  readonly capture?: ReadonlyMap<string, RegExp> | undefined;
  /** `${name}` in it stands for what was captured. */
  readonly template?: boolean | undefined;
  /** `file:line:column`, of one that was read. */
  readonly where?: string | undefined;
}

/** `fin`: it has finished. `reset`: it has broken off. `idle`: it says nothing more, and stays. */
export type Ending = "fin" | "reset" | "idle";

/** One side is through. */
export interface Close {
  readonly close: Side;
  readonly at: number;
  readonly how: Ending;
}

export type Entry = Message | Close;

/** What was said in sessions, in the order in which it was said. */
export interface Recording {
  /** Of a file with `transport: udp`. */
  readonly datagrams: boolean;
  readonly sessions: readonly (readonly Entry[])[];
  /** Where sessions can be added to its text. */
  readonly end: RecordingEnd;
}

/** How a recording goes on behind its last entry. */
interface RecordingEnd {
  /** How far its entries are indented; undefined: nothing can be added behind them. */
  readonly indent: number | undefined;
  /** The number of its next session. */
  readonly next: number;
}

/** Stands for what was not recorded; on replay it matches anything. */
export const REDACTED = Buffer.from("[redacted]");

export function isFrom(entry: Entry | undefined, side: Side): entry is Message {
  return entry !== undefined && "from" in entry && entry.from === side;
}
