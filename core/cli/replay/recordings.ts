/** An entry of a recorded session: data or the end of one side. */
type Entry =
  | { readonly from: "client" | "upstream"; readonly at: number; readonly bytes: Buffer }
  | { readonly close: "client" | "upstream"; readonly at: number };

interface Recording {
  readonly datagrams: boolean;
  readonly sessions: readonly (readonly Entry[])[];
  readonly names: readonly (string | number)[];
}

/** A recording, with its file. */
export interface RecordedFile extends Recording {
  /** The path as it was given. */
  readonly file: string;
}

/** The part of `sluice/plugins` that the command needs; the core itself does not know that package. */
export interface Recordings {
  /** @throws SLUICE_RECORDING_INVALID */
  recordingIn(file: string): Promise<Recording>;
  hexDifference(recorded: Buffer, came: Buffer): string;
  /** @throws SLUICE_REPLAY_UNMATCHED */
  playClient(
    session: readonly Entry[],
    peer: object,
    rules: {
      readonly datagrams: boolean;
      readonly stretch: number;
      readonly wait: (milliseconds: number) => Promise<void>;
      readonly file: string;
    },
  ): Promise<void>;
}

export async function loadRecordings(): Promise<Recordings> {
  const { recordings } = (await import(import.meta.resolve("sluice/plugins"))) as { readonly recordings: Recordings };
  return recordings;
}
