/// <reference types="node" preserve="true" />
/** The entrance `sluice/faults`: plugins that simulate bad networks. */
export type {
  BandwidthConfig,
  CorruptConfig,
  DuplicateConfig,
  FaultConfig,
  LatencyConfig,
  LimitDataConfig,
  LossConfig,
  RefuseConfig,
  ReorderConfig,
  ResetConfig,
  ScriptFaults,
  ScriptStep,
  SlicerConfig,
  SlowCloseConfig,
  SlowOpenConfig,
  TimeoutConfig,
  TruncateConfig,
} from "./config.ts";
export { bandwidth } from "./bandwidth.ts";
export { blackhole } from "./blackhole.ts";
export { corrupt } from "./corrupt.ts";
export { duplicate } from "./duplicate.ts";
export { latency } from "./latency.ts";
export { limitData } from "./limit-data.ts";
export { loss } from "./loss.ts";
export { network, type NetworkName, type NetworkOptions } from "./network.ts";
export { refuse } from "./refuse.ts";
export { reorder } from "./reorder.ts";
export { reset } from "./reset.ts";
export { script } from "./script.ts";
export { slicer } from "./slicer.ts";
export { slowClose } from "./slow-close.ts";
export { slowOpen } from "./slow-open.ts";
export { timeout } from "./timeout.ts";
export { truncate } from "./truncate.ts";
export { serveToxiproxy, type ToxiproxyOptions, type ToxiproxyServer } from "./toxiproxy/serve-toxiproxy.ts";
