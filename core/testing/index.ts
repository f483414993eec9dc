/// <reference types="node" preserve="true" />
/** The kit for tests of plugins, and of programs around a proxy. It works with mocha, vitest and node:test. */
import "reflect-metadata";

export type { Direction } from "../contract/index.ts";
export type { CaseBytes, ChangingCase, ClosingCase, PassingCase, PluginCases } from "./cases/plugin-cases.ts";
export type { Runner } from "./cases/runner.ts";
export { testPlugin, type TestPluginOptions } from "./cases/test-plugin.ts";
export { connectTo } from "./client/connect-to.ts";
export type { ConnectOptions, Ending, TestClient } from "./client/test-client.ts";
export type { WaitOptions } from "./values/wait.ts";
export type { Check, ComplianceOptions } from "./compliance/check.ts";
export { compliance } from "./compliance/compliance.ts";
export type { MarbleValues } from "./marbles/marble-text.ts";
export { marbles, type MarblesOptions, type MarbleTest } from "./marbles/marbles.ts";
export { startProxy } from "./proxy/start-proxy.ts";
export type { LogRecord } from "./proxy/kept-log.ts";
export type { OneListener, TestListener, TestProxyConfig } from "./proxy/test-config.ts";
export type { CloseOptions, TestProxy } from "./proxy/test-proxy.ts";
export { virtualClock, type VirtualClock, type VirtualClockOptions } from "./time/virtual-clock.ts";
export type { UpstreamKind } from "./upstream/behaviours.ts";
export { startUpstream } from "./upstream/start-upstream.ts";
export type { TestResponse, TestUpstream, UpstreamTestOptions } from "./upstream/test-upstream.ts";
export type { Bytes } from "./values/bytes.ts";
