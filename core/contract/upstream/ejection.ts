import type { Duration } from "../options/units.ts";

/** When an endpoint that fails is put out of use, and for how long. */
export interface EjectionConfig {
  /** Failures in a row after which it is put out, at least 1; each failed attempt counts. @default 5 */
  readonly failures?: number;
  /** How long it is out, multiplied by how often that has happened, with up to 10 % added at random. @default "30s" */
  readonly time?: Duration;
  /**
   * The longest time that it is out, at least `time`. An endpoint that has stayed in use for so long begins with `time` again.
   * @default "5m", or `time` if that is longer
   */
  readonly maxTime?: Duration;
}

/** {@link EjectionConfig} with every default filled in, times in milliseconds. */
export interface EjectionTarget {
  readonly failures: number;
  readonly time: number;
  readonly maxTime: number;
}

export const defaultEjection: EjectionTarget = { failures: 5, time: 30_000, maxTime: 300_000 };
