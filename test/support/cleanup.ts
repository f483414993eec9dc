/** What a test opened: closed in reverse order by `run`, all of it even when one fails. */
export interface Cleanup {
  /** Registers what undoes an opening. */
  add(undo: () => void | Promise<void>): void;
  /** Registers what was opened, to be disposed of. @returns it */
  keep<T extends AsyncDisposable>(opened: T): T;
  /** Undoes everything registered so far. @throws AggregateError of what failed */
  run(): Promise<void>;
}

/** Makes the list of what a test has to close: `afterEach(() => cleanup.run())`. */
export function createCleanup(): Cleanup {
  const undos: (() => void | Promise<void>)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    keep(opened) {
      undos.push(() => Promise.resolve(opened[Symbol.asyncDispose]()));
      return opened;
    },
    async run() {
      const failures: unknown[] = [];
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
        try {
          await undo();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, `cleaning up failed: ${failures.map(String).join("; ")}`);
    },
  };
}
