export type * from "./address.ts";
export { socketAddress } from "./address.ts";
export type * from "./balance.ts";
export type * from "./admin.ts";
export { clientKey } from "./client-key.ts";
export type * from "./config.ts";
export type * from "./datagrams.ts";
export { defineErrors, type ErrorDefinition, type OwnErrors } from "./define-errors.ts";
export { datagramProblems } from "./datagram-upstream.ts";
export { definePlugin, isOptions, isPluginUse, type PluginFactory } from "./define-plugin.ts";
export { parseEndpoint } from "./endpoint.ts";
export {
  asSluiceError,
  catalogue,
  isOutOfFiles,
  ownKind,
  reasonOf,
  SluiceError,
  type AnyErrorCode,
  type ErrorCode,
  type ErrorKind,
  type ErrorOptions,
  type ErrorSource,
} from "./errors.ts";
export type * from "./events.ts";
export type * from "./file-progress.ts";
export type * from "./first-bytes.ts";
export type * from "./health-check.ts";
export { hookNames, hooks, type ByteHookName, type Emission, type HookName, type Hooks } from "./hooks.ts";
export type * from "./http.ts";
export type * from "./leg.ts";
export { isLogLevel, logLevels, type LogLevel } from "./log-level.ts";
export { addressText, listenForm, parseListen, schemeOf, type ListenScheme } from "./listen-address.ts";
export type * from "./logger.ts";
export type * from "./metrics.ts";
export { networks, type Networks } from "./networks.ts";
export type * from "./override.ts";
export type * from "./plugin.ts";
export { printable, printableLines } from "./printable.ts";
export type * from "./session.ts";
export type * from "./shared.ts";
export {
  CLOCK,
  DATAGRAMS,
  EVENTS,
  EXCHANGE,
  LOGGER,
  METRICS,
  OPTIONS,
  PLACE,
  RESOLVER,
  SHARED,
  TAPS,
  TIMELINES,
  UPSTREAMS,
  type Exchange,
  type Place,
  type Resolver,
} from "./tokens.ts";
export type * from "./taps.ts";
export type * from "./timelines.ts";
export type * from "./trial.ts";
export { Timeline, type TimelineEntry, type TimelineFollower } from "./timeline.ts";
export { duration, size, type Duration, type Size } from "./options/units.ts";
export type * from "./upstream.ts";
export { upstreamKey } from "./upstream-key.ts";
export { upstream, upstreamTarget } from "./upstream-target.ts";
