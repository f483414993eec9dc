import { SluiceError } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { ShareStarts } from "../../runtime/proxy/member.ts";
import type { Addresses, SocketPlan } from "../wire/calls.ts";
import { Deferred } from "../wire/deferred.ts";

/**
 * One generation in this worker: it is set up, then bound, then in force; or set up, then ready to be tried, then tried. Each step waits for the first
 * process, which waits for all workers.
 */
export class GenerationStep {
  /** The listeners on which it could be tried. */
  readonly #setUp = new Deferred<readonly string[]>();
  readonly #starts = new Deferred<ShareStarts | undefined>();
  readonly #tryable = new Deferred<void>();
  readonly #plan = new Deferred<SocketPlan>();
  readonly #bound = new Deferred<Addresses>();
  readonly #decision = new Deferred<void>();
  /** The result: resolves when the generation is in force or on trial, rejects when it is refused. */
  readonly report: Promise<ReloadReport>;

  /** @param take makes the generation; it waits for `planned` and `decided`, or for `wanted` and `decided`, while it does so */
  constructor(take: () => Promise<ReloadReport>) {
    this.report = take();
    // A failure is reported to the step that waits for it.
    this.report.catch(() => undefined);
  }

  /** Everything is set up, and can be tried on these listeners. Resolves with where their shares begin; undefined: it is not to be tried. */
  wanted(listeners: readonly string[]): Promise<ShareStarts | undefined> {
    this.#setUp.resolve(listeners);
    return this.#starts.promise;
  }

  /** Everything is set up. Resolves with the first process's plan for the sockets. */
  planned(): Promise<SocketPlan> {
    this.#setUp.resolve([]);
    return this.#plan.promise;
  }

  /** Everything is bound. Resolves when the generation is to be put into force. */
  decided(bound: Addresses): Promise<void> {
    this.#bound.resolve(bound);
    return this.#decision.promise;
  }

  /** It can be tried. Resolves when the trial is to begin. */
  tried(): Promise<void> {
    this.#tryable.resolve();
    return this.#decision.promise;
  }

  /** Resolves when the generation is set up, with the listeners on which it could be tried; rejects with the error that refused it. */
  async prepare(): Promise<readonly string[]> {
    await Promise.race([this.#setUp.promise, this.report]);
    return this.#setUp.promise;
  }

  async bind(plan: SocketPlan): Promise<Addresses> {
    this.#starts.resolve(undefined);
    this.#plan.resolve(plan);
    await Promise.race([this.#bound.promise, this.report]);
    return this.#bound.promise;
  }

  /** Makes it ready to be tried. */
  async try(starts: ShareStarts): Promise<void> {
    this.#starts.resolve(starts);
    await Promise.race([this.#tryable.promise, this.report]);
  }

  /** Puts it into force, or begins to try it. */
  commit(): void {
    this.#decision.resolve();
  }

  /** Gives the generation up. Resolves when nothing is left of it. */
  async abandon(): Promise<void> {
    const error = new SluiceError("SLUICE_CLOSED", "the generation was taken back");
    this.#starts.reject(error);
    this.#plan.reject(error);
    this.#decision.reject(error);
    await this.report.catch(() => undefined);
  }
}
