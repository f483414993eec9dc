/// <reference types="node" preserve="true" />
/**
 * The entry point `sluice/testing`: the test kit of the core, and the plugins that record and replay an upstream. It is not in core/, because the core
 * knows no plugin (ADR 0045).
 */
export * from "../core/testing/index.ts";
export type { RecordConfig, ReplayConfig } from "./recording/config.ts";
export { record } from "./recording/record.ts";
export { replay } from "./recording/replay.ts";
