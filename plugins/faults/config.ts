// What the faults take, for editors: types derived from a schema lose their docstrings in declarations.
import type { Duration, Size } from "sluice";

/** What every fault takes. */
export interface FaultConfig {
  /** Which way the fault works: what the client sends, what the upstream sends, or both. It means nothing at the opening. @default "both" */
  readonly direction?: "both" | "fromClient" | "fromUpstream" | undefined;
  /** The share of the sessions that have the fault, 0 to 1. Which ones is drawn once for each session. @default 1 */
  readonly share?: number | undefined;
  /** The same seed, text or number, gives the same run: the same draws for the first session, the second, and so on. @default drawn at each start */
  readonly seed?: number | string | undefined;
}

/** What `latency()` takes. */
export interface LatencyConfig extends FaultConfig {
  /** How late everything is, each way that the fault works. */
  readonly delay: Duration;
  /** How much the delay varies: the most of it with `uniform`, its standard deviation with `normal`, its scale with `pareto`. @default 0 */
  readonly jitter?: Duration | undefined;
  /** How the delay varies: evenly around it, by the bell curve, or by the long tail of a busy network, which only adds. @default "uniform" */
  readonly distribution?: "uniform" | "normal" | "pareto" | undefined;
}

/** What `bandwidth()` takes. */
export interface BandwidthConfig extends FaultConfig {
  /** Bytes a second, for each session and direction: `"64KiB/s"`, `"64KiB"` or a number. 0: nothing passes. */
  readonly rate: Size;
}

/** What `slicer()` takes. */
export interface SlicerConfig extends FaultConfig {
  /** Bytes of a slice, on average. */
  readonly size: Size;
  /** How many bytes a slice may have more or fewer. Less than `size`. @default 0 */
  readonly variation?: Size | undefined;
  /** The pause between two slices. @default 0 */
  readonly delay?: Duration | undefined;
}

/** What `corrupt()` takes. */
export interface CorruptConfig extends FaultConfig {
  /** The share of the bytes that have one bit flipped, 0 to 1. */
  readonly rate: number;
}

/** What `limitData()` takes. */
export interface LimitDataConfig extends FaultConfig {
  /** How many bytes of its direction pass before the session is closed. */
  readonly bytes: Size;
}

/** What `reset()` takes: either `bytes` or `after`. */
export interface ResetConfig extends FaultConfig {
  /** How many bytes of its direction pass before both sides see a reset. They are delivered. */
  readonly bytes?: Size | undefined;
  /** How long the session flows before both sides see a reset. */
  readonly after?: Duration | undefined;
}

/** What `timeout()` takes. */
export interface TimeoutConfig extends FaultConfig {
  /** How long nothing passes before both sides see the end (FIN). */
  readonly after: Duration;
}

/** What `slowClose()` takes. */
export interface SlowCloseConfig extends FaultConfig {
  /** How long after the last byte the end (FIN) is passed on. */
  readonly delay: Duration;
}

/** What `loss()` takes. */
export interface LossConfig extends FaultConfig {
  /** The share of the datagrams that are lost, 0 to 1. */
  readonly rate: number;
  /** How many are lost one after the other, on average, 1 or more. @default each datagram is drawn by itself */
  readonly burst?: number | undefined;
}

/** What `duplicate()` takes. */
export interface DuplicateConfig extends FaultConfig {
  /** The share of the datagrams that come twice, 0 to 1. */
  readonly rate: number;
}

/** What `reorder()` takes. */
export interface ReorderConfig extends FaultConfig {
  /** The share of the datagrams that others overtake, 0 to 1. */
  readonly rate: number;
  /** By how many places: so many later ones pass first. None is held for longer than 100 ms. @default 1 */
  readonly by?: number | undefined;
}

/** What `truncate()` takes. */
export interface TruncateConfig extends FaultConfig {
  /** The share of the datagrams that are cut, 0 to 1. */
  readonly rate: number;
  /** How many bytes of such a one are left. */
  readonly to: Size;
}

/** What `refuse()` takes: either `first` or `rate`. */
export interface RefuseConfig extends FaultConfig {
  /** How many sessions are refused, from the first on; then all are served. */
  readonly first?: number | undefined;
  /** The share of the sessions that are refused, 0 to 1. */
  readonly rate?: number | undefined;
}

/** What `slowOpen()` takes. */
export interface SlowOpenConfig extends FaultConfig {
  /** How long a session waits before its upstream is asked. */
  readonly delay: Duration;
}

/** What a session meets in a `script()`: faults by name, with their options. */
export interface ScriptFaults {
  /** So many sessions are refused; `true`: one. */
  readonly refuse?: number | true | undefined;
  /** Everything comes later. */
  readonly latency?: LatencyConfig | undefined;
  /** A narrow line. */
  readonly bandwidth?: BandwidthConfig | undefined;
  /** Small pieces. */
  readonly slicer?: SlicerConfig | undefined;
  /** Flipped bits. */
  readonly corrupt?: CorruptConfig | undefined;
  /** So many bytes, then an end (FIN). */
  readonly limitData?: LimitDataConfig | undefined;
  /** So many bytes, or so much time, then a reset (RST). */
  readonly reset?: ResetConfig | undefined;
  /** Nothing passes, and after a while comes the end. */
  readonly timeout?: TimeoutConfig | undefined;
  /** The end comes late. */
  readonly slowClose?: SlowCloseConfig | undefined;
  /** Nothing passes, no end and no error. */
  readonly blackhole?: FaultConfig | undefined;
  /** Lost datagrams. */
  readonly loss?: LossConfig | undefined;
  /** Datagrams that come twice. */
  readonly duplicate?: DuplicateConfig | undefined;
  /** Datagrams out of order. */
  readonly reorder?: ReorderConfig | undefined;
  /** Datagrams that are cut short. */
  readonly truncate?: TruncateConfig | undefined;
  /** The session waits before its upstream is asked. */
  readonly slowOpen?: SlowOpenConfig | undefined;
}

/** A step of a script: `"pass"`, or faults by name with their options; `{ refuse: 2 }` is two sessions long, all others one. */
export type ScriptStep = ScriptFaults | "pass";
