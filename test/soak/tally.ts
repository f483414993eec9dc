/** What the load has done and found. */
export interface Tally {
  /** Finished pieces of work by kind. */
  readonly done: ReadonlyMap<string, number>;
  /** What should never happen: a byte lost, doubled or changed, a session broken that nobody broke. */
  readonly errors: readonly string[];
  readonly errorCount: number;
  count(kind: string, by?: number): void;
  error(text: string): void;
}

const remembered = 50;

/** Makes an empty tally. It remembers the first errors, and counts all. */
export function createTally(): Tally {
  const done = new Map<string, number>();
  const errors: string[] = [];
  let errorCount = 0;
  return {
    done,
    errors,
    get errorCount() {
      return errorCount;
    },
    count: (kind, by = 1) => void done.set(kind, (done.get(kind) ?? 0) + by),
    error: (text) => {
      errorCount += 1;
      if (errors.length < remembered) errors.push(`${new Date().toISOString()} ${text}`);
    },
  };
}
