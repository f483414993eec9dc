import { SluiceError, type Override, type ResolvedConfig } from "../../contract/index.ts";
import { GenerationHistory, type PastGeneration } from "../generation/generation-history.ts";
import { overriding, rebased, type OverrideChange, type Wanted } from "../generation/overrides.ts";
import type { ReloadReport } from "../generation/reload-plan.ts";

/** So many generations can be restored while there is an admin server. */
const KEPT = 10;

/** Given the number of the generation in force; throws to refuse. */
export type GenerationCheck = (generation: number) => void;

/** Applies what is wanted once it is its turn. */
type Apply = (want: () => Wanted) => Promise<ReloadReport>;

/** What the generations of a proxy were made of, and how to have another than the config says. */
export class Steering {
  readonly #history = new GenerationHistory(1);
  #wanted: Wanted | undefined;

  constructor(private readonly apply: Apply) {}

  /** Without the overrides. Undefined before the first generation. */
  get base(): ResolvedConfig | undefined {
    return this.#wanted?.base;
  }

  get overrides(): readonly Override[] {
    return this.#wanted?.overrides ?? [];
  }

  /** The config in force, overridden. Undefined before the first generation. */
  get config(): ResolvedConfig | undefined {
    return this.#wanted?.config;
  }

  /** The newest generations, the newest first. */
  get history(): readonly PastGeneration[] {
    return this.#history.all;
  }

  /** What the kept generations were made of. */
  get bases(): ReadonlySet<ResolvedConfig> {
    return this.#history.bases;
  }

  /** A config that was saved or given, under the overrides that are in force. */
  under(config: ResolvedConfig): Wanted {
    return rebased(config, this.overrides, "config");
  }

  /** It is in force. */
  committed(wanted: Wanted): void {
    this.#wanted = wanted;
  }

  /** The open sessions have followed. */
  applied(wanted: Wanted, report: ReloadReport): void {
    this.#history.most = wanted.config.admin === undefined ? 1 : KEPT;
    this.#history.add(wanted, report);
  }

  /**
   * Makes a new generation in which a plugin use does something else than the config says, or does what the config says again.
   *
   * @param change undefined: the override is taken back
   * @param check what it throws refuses the override
   * @throws SLUICE_ADMIN_UNKNOWN; what refuses a config
   */
  override(
    place: Pick<Override, "listener" | "plugin">,
    change: OverrideChange | undefined,
    check?: GenerationCheck,
  ): Promise<ReloadReport> {
    return this.apply(() => overriding(this.#now(check), place, change));
  }

  /** Makes a new generation of what an earlier one was made of. @throws SLUICE_ADMIN_UNKNOWN when it is not kept any more; what refuses a config */
  restore(generation: number, check?: GenerationCheck): Promise<ReloadReport> {
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

  #now(check: GenerationCheck | undefined): Wanted {
    if (this.#wanted === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
    check?.(this.#history.all[0]?.generation ?? 0);
    return this.#wanted;
  }
}
