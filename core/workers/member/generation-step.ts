import { SluiceError } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { Addresses, SocketPlan } from "../wire/calls.ts";
import { Deferred } from "../wire/deferred.ts";

/** One generation in this worker: it is set up, then bound, then in force. Each step waits for the first process, which waits for all workers. */
export class GenerationStep {
  readonly #setUp = new Deferred<void>();
  readonly #plan = new Deferred<SocketPlan>();
  readonly #bound = new Deferred<Addresses>();
  readonly #decision = new Deferred<void>();
  /** The result: resolves when the generation is in force, rejects when it is refused. */
  readonly report: Promise<ReloadReport>;

  /** @param take makes the generation; it waits for `planned` and `decided` while it does so */
  constructor(take: () => Promise<ReloadReport>) {
    this.report = take();
    // A failure is reported to the step that waits for it.
    this.report.catch(() => undefined);
  }

  /** Everything is set up. Resolves with the first process's plan for the sockets. */
  planned(): Promise<SocketPlan> {
    this.#setUp.resolve();
    return this.#plan.promise;
  }

  /** Everything is bound. Resolves when the generation is to be put into force. */
  decided(bound: Addresses): Promise<void> {
    this.#bound.resolve(bound);
    return this.#decision.promise;
  }

  /** Resolves when the generation is set up; rejects with the error that refused it. */
  async prepare(): Promise<void> {
    await Promise.race([this.#setUp.promise, this.report]);
  }

  async bind(plan: SocketPlan): Promise<Addresses> {
    this.#plan.resolve(plan);
    await Promise.race([this.#bound.promise, this.report]);
    return this.#bound.promise;
  }

  commit(): void {
    this.#decision.resolve();
  }

  /** Gives the generation up. Resolves when nothing is left of it. */
  async abandon(): Promise<void> {
    const error = new SluiceError("SLUICE_CLOSED", "the generation was taken back");
    this.#plan.reject(error);
    this.#decision.reject(error);
    await this.report.catch(() => undefined);
  }
}
