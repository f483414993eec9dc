/** What a test opens: sockets and streams, proxies, servers. */
type Opened = { destroy(): unknown } | AsyncDisposable | { close(): void | Promise<void> };

/** What a test opened: closed in reverse order by `run`, all of it even when one fails. */
export interface Cleanup {
  /** Registers what undoes an opening. */
  add(undo: () => void | Promise<void>): void;
  /** Registers what was opened, to be destroyed, disposed of or closed, whichever it has first. @returns it */
  keep<T extends Opened>(opened: T): T;
  /** Undoes everything registered so far. @throws AggregateError of what failed */
  run(): Promise<void>;
}

async function close(opened: Opened): Promise<void> {
  // Destroyed at once and not waited for: a stream's own disposal waits for its end.
  if ("destroy" in opened) opened.destroy();
  else if (Symbol.asyncDispose in opened) await opened[Symbol.asyncDispose]();
  else await opened.close();
}

/** Makes the list of what a test has to close: `afterEach(() => cleanup.run())`. */
export function createCleanup(): Cleanup {
  const undos: (() => void | Promise<void>)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    keep(opened) {
      undos.push(() => close(opened));
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
