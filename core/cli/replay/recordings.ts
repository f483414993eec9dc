/** What either side does in a recorded session. */
type Entry =
  | { readonly from: "client" | "upstream"; readonly at: number; readonly bytes: Buffer }
  | { readonly close: "client" | "upstream"; readonly at: number };

interface Recording {
  readonly datagrams: boolean;
  readonly sessions: readonly (readonly Entry[])[];
}

/** A recording, and where it is. */
export interface RecordedFile extends Recording {
  /** As given. */
  readonly file: string;
}

/** What the command needs of `sluice/plugins`, which the core does not know. */
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
