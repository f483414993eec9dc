/// <reference types="node" preserve="true" />
/**
 * What is imported as `sluice/testing`: the kit of the core, and the plugins that record and replay an upstream. The core knows no plugin, so this
 * stands beside it (ADR 0045).
 */
export * from "../core/testing/index.ts";
export type { RecordConfig, ReplayConfig } from "./recording/config.ts";
export { record } from "./recording/record.ts";
export { replay } from "./recording/replay.ts";
