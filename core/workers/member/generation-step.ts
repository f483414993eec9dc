import { SluiceError } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { Addresses, SocketPlan } from "../wire/calls.ts";
import { Deferred } from "../wire/deferred.ts";

/** One generation on its way through this worker: set up, then bound, then in force. Each step waits for the first process, which waits for all. */
export class GenerationStep {
  readonly #setUp = new Deferred<void>();
  readonly #plan = new Deferred<SocketPlan>();
  readonly #bound = new Deferred<Addresses>();
  readonly #decision = new Deferred<void>();
  /** What happens to it. */
  readonly report: Promise<ReloadReport>;

  /** @param take makes a generation of it; it asks for `planned` and `decided` on its way */
  constructor(take: () => Promise<ReloadReport>) {
    this.report = take();
    // Whoever waits for a step is told.
    this.report.catch(() => undefined);
  }

  /** Everything is set up. Resolves with what the first process has decided of the sockets. */
  planned(): Promise<SocketPlan> {
    this.#setUp.resolve();
    return this.#plan.promise;
  }

  /** Everything is bound. Resolves when it is to be put into force. */
  decided(bound: Addresses): Promise<void> {
    this.#bound.resolve(bound);
    return this.#decision.promise;
  }

  /** Resolves when it is set up; rejects with what refused it. */
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

  /** Resolves when nothing is left of it. */
  async abandon(): Promise<void> {
    const error = new SluiceError("SLUICE_CLOSED", "the generation was taken back");
    this.#plan.reject(error);
    this.#decision.reject(error);
    await this.report.catch(() => undefined);
  }
}
