import { reasonOf, SluiceError } from "../../contract/index.ts";

/** Guards a plugin's watcher of a session: an error that it throws is reported once and ends the watcher, never the session. */
export class GuardedWatcher<W extends object> {
  #watcher: W | undefined;

  /** @param what the watcher's name in the message, such as `a tap` */
  private constructor(
    private readonly what: string,
    private readonly report: (error: SluiceError) => void,
  ) {}

  /** @param begin the plugin's function, which may return a watcher @returns undefined: the plugin does not watch, or `begin` has failed */
  static begin<W extends object>(
    begin: () => W | undefined,
    what: string,
    report: (error: SluiceError) => void,
  ): GuardedWatcher<W> | undefined {
    const guarded = new GuardedWatcher<W>(what, report);
    guarded.#guard(() => (guarded.#watcher = begin()));
    return guarded.#watcher === undefined ? undefined : guarded;
  }

  tell(call: (watcher: W) => void): void {
    const watcher = this.#watcher;
    if (watcher !== undefined) this.#guard(() => call(watcher));
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#watcher = undefined;
      this.report(new SluiceError("SLUICE_PLUGIN_FAILED", `${this.what} failed: ${reasonOf(error)}`, { cause: error }));
    }
  }
}
