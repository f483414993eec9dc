import { SluiceError, type Override, type ResolvedConfig } from "../../contract/index.ts";
import { GenerationHistory, type PastGeneration } from "../generation/generation-history.ts";
import { overriding, rebased, type OverrideChange, type GenerationSource } from "../generation/overrides.ts";
import type { ReloadReport } from "../generation/reload-plan.ts";
import type { Trials } from "../trial/trials.ts";

/** Generations that can be restored while there is an admin server. */
const KEPT = 10;

/** Called with the number of the generation in force; throws to refuse. */
export type GenerationCheck = (generation: number) => void;

/** Applies what is wanted when it is its turn. */
type Apply = (want: () => GenerationSource) => Promise<ReloadReport>;

/** The trial of a save, if there is one. */
type SaveTrials = Pick<Trials, "save" | "report" | "accept" | "takeBack">;

/** What the generations of a proxy were made of, and the ways to have a generation that differs from the config: overrides, restoring, accepting. */
export class Steering {
  readonly #history = new GenerationHistory();
  #wanted: GenerationSource | undefined;

  /** The number of the generation in force. */
  #inForce = 0;

  constructor(
    private readonly apply: Apply,
    private readonly trials: () => SaveTrials,
  ) {}

  /** The config in force, without overrides. Undefined before the first generation. */
  get base(): ResolvedConfig | undefined {
    return this.#wanted?.base;
  }

  /** What the generation in force was made of. Undefined before the first generation. */
  get now(): GenerationSource | undefined {
    return this.#wanted;
  }

  get overrides(): readonly Override[] {
    return this.#wanted?.overrides ?? [];
  }

  /** The config in force, with overrides. Undefined before the first generation. */
  get config(): ResolvedConfig | undefined {
    return this.#wanted?.config;
  }

  /** The newest generations, the newest first. */
  get history(): readonly PastGeneration[] {
    return this.#history.all;
  }

  /** The save that some sessions try; undefined: none. */
  get trying(): PastGeneration | undefined {
    const { save, report } = this.trials();
    if (save === undefined || report === undefined) return undefined;
    const { origin, overrides } = save.change.wanted;
    const { generation, durationMs, steps } = report;
    return { generation, at: report.trial?.since ?? 0, origin, durationMs, steps, overrides };
  }

  /** The configs of the kept generations, of the one in force and of the one on trial. */
  get bases(): ReadonlySet<ResolvedConfig> {
    const own = [this.#wanted?.base, this.trials().save?.change.wanted.base].filter((base) => base !== undefined);
    return new Set([...this.#history.bases, ...own]);
  }

  /** A config that was saved or given, with the overrides that are in force. */
  under(config: ResolvedConfig): GenerationSource {
    return rebased(config, this.overrides);
  }

  /** A generation is in force now. */
  committed(wanted: GenerationSource): void {
    this.#wanted = wanted;
  }

  /** The open sessions have followed. */
  applied(wanted: GenerationSource, report: ReloadReport): void {
    this.#inForce = report.generation;
    this.#history.most = wanted.config.admin === undefined ? 1 : KEPT;
    this.#history.add(wanted, report);
  }

  /** A trial was taken back. */
  takenBack(wanted: GenerationSource, report: ReloadReport, takenBack: string): void {
    if (this.#wanted?.config.admin !== undefined) this.#history.add(wanted, report, takenBack);
  }

  /**
   * Makes a new generation in which a plugin use differs from the config, or again follows the config.
   *
   * @param change undefined: takes the override back
   * @param check throws to refuse the override
   * @throws SLUICE_ADMIN_UNKNOWN; the errors that refuse a config
   */
  override(
    place: Pick<Override, "listener" | "plugin">,
    change: OverrideChange | undefined,
    check?: GenerationCheck,
  ): Promise<ReloadReport> {
    return this.apply(() => overriding(this.#now(check), place, change));
  }

  /**
   * Makes a new generation of what an earlier one was made of. Restoring the generation in force while a save is on trial takes that save back.
   *
   * @throws SLUICE_ADMIN_UNKNOWN if it is no longer kept; SLUICE_ADMIN_CONFLICT if it is on trial; the errors that refuse a config
   */
  async restore(generation: number, check?: GenerationCheck): Promise<ReloadReport> {
    const tried = this.#tried;
    if (tried !== undefined) this.#now(check);
    if (generation === tried)
      throw new SluiceError(
        "SLUICE_ADMIN_CONFLICT",
        `generation ${generation} is on trial: accept it, or restore generation ${this.#inForce} to take it back`,
      );
    if (tried !== undefined && generation === this.#inForce) {
      const started = performance.now();
      await this.trials().takeBack(`generation ${generation} was restored`);
      return { generation, durationMs: Math.round(performance.now() - started), steps: [] };
    }
    return this.apply(() => {
      this.#now(check);
      const past = this.#history.of(generation);
      if (past === undefined)
        throw new SluiceError(
          "SLUICE_ADMIN_UNKNOWN",
          `generation ${generation} is not kept: there are ${this.#history.all.map((each) => each.generation).join(", ")}`,
        );
      return { ...past, origin: "restore" };
    });
  }

  /**
   * Puts the generation that is on trial into force before its time.
   *
   * @throws SLUICE_ADMIN_UNKNOWN if it is not on trial; the errors that refuse a config
   */
  async accept(generation: number, check?: GenerationCheck): Promise<ReloadReport> {
    this.#now(check);
    if (this.#tried !== generation) throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `generation ${generation} is not on trial`);
    return this.trials().accept();
  }

  get #tried(): number | undefined {
    return this.trials().save?.change.number;
  }

  #now(check: GenerationCheck | undefined): GenerationSource {
    if (this.#wanted === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
    check?.(this.#inForce);
    return this.#wanted;
  }
}
