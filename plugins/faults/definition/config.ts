// The options of the faults, written for editors: types derived from a schema lose their docstrings in declarations.
import type { Duration, Size } from "sluice";

/** The options of every fault. */
export interface FaultConfig {
  /** The direction of the fault: data from the client, data from the upstream, or both. Faults at the opening of a session ignore it. @default "both" */
  readonly direction?: "both" | "fromClient" | "fromUpstream" | undefined;
  /** The share of the sessions that have the fault, 0 to 1. It is drawn once for each session. @default 1 */
  readonly share?: number | undefined;
  /** The same seed, a text or a number, makes the same random choices for the first session, the second, and so on. @default drawn at each start */
  readonly seed?: number | string | undefined;
}

/** The options of `latency()`. */
export interface LatencyConfig extends FaultConfig {
  /** The delay of all data, in each direction of the fault. */
  readonly delay: Duration;
  /** How much the delay varies: the largest difference with `uniform`, the standard deviation with `normal`, the scale with `pareto`. @default 0 */
  readonly jitter?: Duration | undefined;
  /** How the delay varies: evenly around it, by the bell curve, or with the long tail of a busy network, which only adds to it. @default "uniform" */
  readonly distribution?: "uniform" | "normal" | "pareto" | undefined;
}

/** The options of `bandwidth()`. */
export interface BandwidthConfig extends FaultConfig {
  /** Bytes per second, for each session and direction: `"64KiB/s"`, `"64KiB"` or a number. 0: nothing passes. */
  readonly rate: Size;
}

/** The options of `slicer()`. */
export interface SlicerConfig extends FaultConfig {
  /** The average size of a slice. */
  readonly size: Size;
  /** How many bytes a slice may have more or less than `size`. It must be less than `size`. @default 0 */
  readonly variation?: Size | undefined;
  /** The pause between two slices. @default 0 */
  readonly delay?: Duration | undefined;
}

/** The options of `corrupt()`. */
export interface CorruptConfig extends FaultConfig {
  /** The share of the bytes in which one bit is flipped, 0 to 1. */
  readonly rate: number;
}

/** The options of `limitData()`. */
export interface LimitDataConfig extends FaultConfig {
  /** How many bytes of a direction pass before the session is closed. */
  readonly bytes: Size;
}

/** The options of `reset()`: either `bytes` or `after`. */
export interface ResetConfig extends FaultConfig {
  /** How many bytes of a direction are delivered before both sides see a reset. */
  readonly bytes?: Size | undefined;
  /** How long data passes before both sides see a reset. */
  readonly after?: Duration | undefined;
}

/** The options of `timeout()`. */
export interface TimeoutConfig extends FaultConfig {
  /** How long nothing passes before both sides see the end (FIN). */
  readonly after: Duration;
}

/** The options of `slowClose()`. */
export interface SlowCloseConfig extends FaultConfig {
  /** The time from the last byte until the end (FIN) is passed on. */
  readonly delay: Duration;
}

/** The options of `loss()`. */
export interface LossConfig extends FaultConfig {
  /** The share of the datagrams that are lost, 0 to 1. */
  readonly rate: number;
  /** The average number of datagrams that are lost one after the other, 1 or more. @default each datagram is drawn on its own */
  readonly burst?: number | undefined;
}

/** The options of `duplicate()`. */
export interface DuplicateConfig extends FaultConfig {
  /** The share of the datagrams that are sent twice, 0 to 1. */
  readonly rate: number;
}

/** The options of `reorder()`. */
export interface ReorderConfig extends FaultConfig {
  /** The share of the datagrams that others overtake, 0 to 1. */
  readonly rate: number;
  /** How many later datagrams overtake a held one. No datagram is held for longer than 100 ms. @default 1 */
  readonly by?: number | undefined;
}

/** The options of `truncate()`. */
export interface TruncateConfig extends FaultConfig {
  /** The share of the datagrams that are cut, 0 to 1. */
  readonly rate: number;
  /** The size to which they are cut, in bytes. */
  readonly to: Size;
}

/** The options of `refuse()`: either `first` or `rate`. */
export interface RefuseConfig extends FaultConfig {
  /** How many sessions are refused at the beginning; all later ones are served. */
  readonly first?: number | undefined;
  /** The share of the sessions that are refused, 0 to 1. */
  readonly rate?: number | undefined;
}

/** The options of `slowOpen()`. */
export interface SlowOpenConfig extends FaultConfig {
  /** How long a session waits before its upstream is dialled. */
  readonly delay: Duration;
}

/** A step of a `script()` with faults: their options, by the fault's name. */
export interface ScriptFaults {
  /** The number of sessions that are refused; `true`: one. */
  readonly refuse?: number | true | undefined;
  /** Delayed data. */
  readonly latency?: LatencyConfig | undefined;
  /** Limited bytes per second. */
  readonly bandwidth?: BandwidthConfig | undefined;
  /** Data in small pieces. */
  readonly slicer?: SlicerConfig | undefined;
  /** Flipped bits. */
  readonly corrupt?: CorruptConfig | undefined;
  /** An end (FIN) after a number of bytes. */
  readonly limitData?: LimitDataConfig | undefined;
  /** A reset (RST) after a number of bytes or a time. */
  readonly reset?: ResetConfig | undefined;
  /** Nothing passes, and the end (FIN) comes after a time. */
  readonly timeout?: TimeoutConfig | undefined;
  /** A late end (FIN). */
  readonly slowClose?: SlowCloseConfig | undefined;
  /** Nothing passes, neither an end nor an error. */
  readonly blackhole?: FaultConfig | undefined;
  /** Lost datagrams. */
  readonly loss?: LossConfig | undefined;
  /** Datagrams that are sent twice. */
  readonly duplicate?: DuplicateConfig | undefined;
  /** Datagrams out of order. */
  readonly reorder?: ReorderConfig | undefined;
  /** Datagrams that are cut short. */
  readonly truncate?: TruncateConfig | undefined;
  /** A wait before the upstream is dialled. */
  readonly slowOpen?: SlowOpenConfig | undefined;
}

/** A step of a script: `"pass"`, or faults by name with their options. `{ refuse: 2 }` is for two sessions, every other step for one. */
export type ScriptStep = ScriptFaults | "pass";
