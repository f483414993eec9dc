/// <reference types="node" preserve="true" />
/** The entry point `sluice/faults`: plugins that simulate bad networks. */
export type { FaultConfig } from "./definition/every-fault.ts";
export { bandwidth, type BandwidthConfig } from "./slow/bandwidth.ts";
export { blackhole } from "./broken/blackhole.ts";
export { corrupt, type CorruptConfig } from "./broken/corrupt.ts";
export { duplicate, type DuplicateConfig } from "./datagrams/duplicate.ts";
export { latency, type LatencyConfig } from "./slow/latency.ts";
export { limitData, type LimitDataConfig } from "./broken/limit-data.ts";
export { loss, type LossConfig } from "./datagrams/loss.ts";
export { network, type NetworkName, type NetworkOptions } from "./network.ts";
export { refuse, type RefuseConfig } from "./broken/refuse.ts";
export { reorder, type ReorderConfig } from "./datagrams/reorder.ts";
export { reset, type ResetConfig } from "./broken/reset.ts";
export { script } from "./script.ts";
export type { ScriptFaults, ScriptStep } from "./script-step.ts";
export { slicer, type SlicerConfig } from "./slow/slicer.ts";
export { slowClose, type SlowCloseConfig } from "./slow/slow-close.ts";
export { slowOpen, type SlowOpenConfig } from "./slow/slow-open.ts";
export { timeout, type TimeoutConfig } from "./broken/timeout.ts";
export { truncate, type TruncateConfig } from "./datagrams/truncate.ts";
export { serveToxiproxy, type ToxiproxyOptions, type ToxiproxyServer } from "./toxiproxy/serve-toxiproxy.ts";
