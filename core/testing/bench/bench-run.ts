import { SluiceError } from "../../contract/index.ts";
import { lifeStep } from "./life-step.ts";
import type { BenchInstance, PluginBench } from "./plugin-bench.ts";
import { RunningSession } from "./running-session.ts";

/** One run of a plugin: an instance that is set up, its sessions, and the instances that replace it. */
export class BenchRun {
  readonly #instances: BenchInstance[] = [];
  readonly sessions: RunningSession[] = [];

  private constructor(readonly bench: PluginBench) {}

  static async start(bench: PluginBench): Promise<BenchRun> {
    const run = new BenchRun(bench);
    await run.#next();
    return run;
  }

  get instance(): BenchInstance {
    const instance = this.#instances.at(-1);
    if (instance === undefined) throw new SluiceError("SLUICE_INTERNAL", "a run has no instance");
    return instance;
  }

  /** Opens a session. @param lends whether its chunks are lent, if the plugin says that it borrows */
  async open(lends = false): Promise<RunningSession> {
    const session = new RunningSession(this, lends);
    this.sessions.push(session);
    await session.open();
    return session;
  }

  /** Prepares a reload with the same options: an instance that inherits. */
  async reload(): Promise<BenchInstance> {
    const before = this.instance;
    const next = await this.#next("its setup() in a reload, while the instance before it still runs,");
    next.plugin.inherit?.(before.plugin);
    return next;
  }

  /** Does what follows when another plugin refuses a reload: the new instance is torn down, and the one before it serves on. */
  async refuseReload(): Promise<void> {
    await this.reload();
    const refused = this.#instances.pop();
    if (refused?.plugin.teardown !== undefined)
      await lifeStep(this.bench.name, "its teardown() after a refused reload", () => refused.plugin.teardown?.());
  }

  /** Ends the sessions, and tears every instance down. */
  async close(): Promise<void> {
    for (const session of this.sessions) session.end();
    for (const { plugin } of this.#instances.splice(0)) {
      // oxlint-disable-next-line no-await-in-loop -- one generation after the other
      if (plugin.teardown !== undefined) await lifeStep(this.bench.name, "its teardown()", () => plugin.teardown?.());
    }
  }

  /** Ends a session, and keeps no reference to it. */
  forget(session: RunningSession): void {
    session.end();
    this.sessions.splice(this.sessions.indexOf(session), 1);
  }

  async #next(what = "its setup()"): Promise<BenchInstance> {
    const instance = await this.bench.construct();
    const { plugin } = instance;
    this.#instances.push(instance);
    if (plugin.setup !== undefined) await lifeStep(this.bench.name, what, () => plugin.setup?.());
    return instance;
  }
}
