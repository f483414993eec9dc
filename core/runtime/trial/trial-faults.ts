import path from "node:path";
import type { ResolvedConfig } from "../../contract/index.ts";
import { FaultTally } from "./fault-tally.ts";

/** A plugin of a tried pipeline has failed. */
export interface TrialFault {
  readonly listener: string;
  readonly plugin: string;
  /** The place in its source. */
  readonly where: string | undefined;
}

/** The faults of a trial, of all processes together. */
export class TrialFaults {
  readonly #counts = new Map<string, number>();
  readonly #tally: FaultTally;

  /** @param config that is tried */
  constructor(private readonly config: ResolvedConfig) {
    this.#tally = new FaultTally(config.file === undefined ? process.cwd() : path.dirname(config.file));
  }

  /** @returns why the save is to be taken back; undefined: these are not too many */
  add({ listener, plugin, where }: TrialFault): string | undefined {
    const count = (this.#counts.get(listener) ?? 0) + 1;
    this.#counts.set(listener, count);
    this.#tally.add(plugin, where);
    const allowed = this.config.listeners.find(({ name }) => name === listener)?.reload.trial?.faults;
    return allowed !== undefined && count >= allowed ? this.#tally.text : undefined;
  }
}
