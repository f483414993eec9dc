/** The side that sends something. */
export type Side = "client" | "upstream";

/** The conditions for a message to match an entry, instead of equal bytes. All of them must be true. */
export interface MatchRule {
  readonly prefix?: Buffer | undefined;
  /** Tested on the whole message as latin1 text. */
  readonly regexp?: RegExp | undefined;
  /** Number of bytes. */
  readonly length?: number | undefined;
  /** The bytes at its end, on a stream. */
  readonly until?: Buffer | undefined;
}

/** Bytes that one side sent; on UDP one datagram. */
export interface Message {
  readonly from: Side;
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly bytes: Buffer;
  /** How a real message is compared with this one. @default byte for byte */
  readonly rule?: MatchRule | undefined;
  /** What is captured from the matching message, by name, for templates. */
  readonly capture?: ReadonlyMap<string, RegExp> | undefined;
  /** Whether `${name}` in it is replaced by captured text. */
  readonly template?: boolean | undefined;
  /** `file:line:column` of an entry that was read from a file. */
  readonly where?: string | undefined;
}

/** `fin`: the side has finished. `reset`: it has reset the connection. `idle`: it sends nothing more, but stays connected. */
export type Ending = "fin" | "reset" | "idle";

/** The end of one side. */
export interface Close {
  readonly close: Side;
  readonly at: number;
  readonly how: Ending;
}

export type Entry = Message | Close;

/** The messages of recorded sessions, in their order. */
export interface Recording {
  /** Whether the file has `transport: udp`. */
  readonly datagrams: boolean;
  readonly sessions: readonly (readonly Entry[])[];
  /** The names of the sessions in the file, in the same order. */
  readonly names: readonly (string | number)[];
  /** How sessions can be added at the end of its text. */
  readonly end: RecordingEnd;
}

/** How a recording continues after its last entry. */
interface RecordingEnd {
  /** The indentation of its entries; undefined when nothing can be added after them. */
  readonly indent: number | undefined;
  /** The number of its next session. */
  readonly next: number;
}

/** Replaces data that must not be recorded; on replay it matches anything. */
export const REDACTED: Buffer = Buffer.from("[redacted]");
