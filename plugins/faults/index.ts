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
} from "./definition/config.ts";
export { bandwidth } from "./slow/bandwidth.ts";
export { blackhole } from "./broken/blackhole.ts";
export { corrupt } from "./broken/corrupt.ts";
export { duplicate } from "./datagrams/duplicate.ts";
export { latency } from "./slow/latency.ts";
export { limitData } from "./broken/limit-data.ts";
export { loss } from "./datagrams/loss.ts";
export { network, type NetworkName, type NetworkOptions } from "./network.ts";
export { refuse } from "./broken/refuse.ts";
export { reorder } from "./datagrams/reorder.ts";
export { reset } from "./broken/reset.ts";
export { script } from "./script.ts";
export { slicer } from "./slow/slicer.ts";
export { slowClose } from "./slow/slow-close.ts";
export { slowOpen } from "./slow/slow-open.ts";
export { timeout } from "./broken/timeout.ts";
export { truncate } from "./datagrams/truncate.ts";
export { serveToxiproxy, type ToxiproxyOptions, type ToxiproxyServer } from "./toxiproxy/serve-toxiproxy.ts";
