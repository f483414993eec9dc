export { closingError } from "./errors/closing-error.ts";
export { defineErrors, type ErrorDefinition, type OwnErrors } from "./errors/define-errors.ts";
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
} from "./errors/errors.ts";
export { printable, printableLines } from "./errors/printable.ts";
export { textOf } from "./errors/thrown.ts";
export { hidden, isSecretName, withoutUserInfo } from "./errors/secrets.ts";
export { duration, size, type Duration, type Size } from "./options/units.ts";
export type * from "./addresses/address.ts";
export { socketAddress } from "./addresses/address.ts";
export { clientKey } from "./addresses/client-key.ts";
export { withClient } from "./session/with-client.ts";
export { parseEndpoint, type Endpoint } from "./addresses/endpoint.ts";
export { networks, type Networks } from "./addresses/networks.ts";
export type * from "./upstream/attempt.ts";
export type * from "./upstream/balance.ts";
export { datagramProblems } from "./upstream/datagram-upstream.ts";
export { defaultEjection } from "./upstream/ejection.ts";
export type * from "./upstream/ejection.ts";
export type * from "./upstream/health-check.ts";
export type * from "./upstream/leg.ts";
export type * from "./upstream/request-facts.ts";
export { upstreamKey } from "./upstream/upstream-key.ts";
export { upstream, upstreamTarget } from "./upstream/upstream-target.ts";
export type * from "./upstream/upstream.ts";
export type * from "./session/datagrams.ts";
export type * from "./session/first-bytes.ts";
export {
  directions,
  hookNames,
  hooks,
  type ByteHookName,
  type Direction,
  type Emission,
  type HookName,
  type Hooks,
} from "./session/hooks.ts";
export type * from "./session/http.ts";
export type * from "./session/session.ts";
export type * from "./session/taps.ts";
export { Timeline, type TimelineEntry, type TimelineFollower } from "./session/timeline.ts";
export type * from "./session/timelines.ts";
export type * from "./events/events.ts";
export type * from "./events/override.ts";
export type * from "./events/trial.ts";
export { definePlugin, isOptions, isPluginUse, type PluginFactory } from "./plugin/define-plugin.ts";
export { fileOfWorker } from "./plugin/file-of-worker.ts";
export type * from "./plugin/file-progress.ts";
export type * from "./plugin/shown-certificate.ts";
export type * from "./plugin/logger.ts";
export type * from "./plugin/metrics.ts";
export type * from "./plugin/plugin.ts";
export type * from "./plugin/shared.ts";
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
} from "./plugin/tokens.ts";
export type * from "./config/admin.ts";
export type * from "./config/config.ts";
export type * from "./config/resolved-config.ts";
export { addressText, listenForm, parseListen, schemeOf, type ListenScheme } from "./config/listen-address.ts";
export { isLogLevel, logLevels, type LogLevel } from "./config/log-level.ts";
