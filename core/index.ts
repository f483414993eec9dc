/// <reference types="node" preserve="true" />
/** The public face of Sluice: what configs, plugins and programs import as `sluice`. */
import "reflect-metadata";

export { defineConfig } from "./config/define-config.ts";
export { socketAddress } from "./contract/addresses/address.ts";
export { addressBytes } from "./contract/addresses/address-bytes.ts";
export { clientKey } from "./contract/addresses/client-key.ts";
export { withClient } from "./contract/session/with-client.ts";
export { watch } from "./config/watch/watch.ts";
export { definePlugin, type PluginFactory } from "./contract/plugin/define-plugin.ts";
export { defineErrors } from "./contract/errors/define-errors.ts";
export {
  catalogue,
  reasonOf,
  SluiceError,
  type AnyErrorCode,
  type ErrorCode,
  type ErrorOptions,
  type ErrorSource,
} from "./contract/errors/errors.ts";
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
} from "./contract/plugin/tokens.ts";
export { fileOfWorker } from "./contract/plugin/file-of-worker.ts";
export { networks } from "./contract/addresses/networks.ts";
export { NetworkTable } from "./contract/addresses/network-table.ts";
export { clientHello, type ClientHelloVerdict } from "./net/accept/tls/client-hello.ts";
export type { ClientHello } from "./net/accept/tls/client-hello-body.ts";
export { requestHttp2, type Http2RequestOptions } from "./net/node/light-request.ts";
export { makeFolder } from "./net/make-folder.ts";
export { certificatesIn, checkValidity, pemFile, readPem, type Pem } from "./net/pem.ts";
export { printable } from "./contract/errors/printable.ts";
export { duration, size, type Duration, type Size } from "./contract/options/units.ts";
export { upstreamKey } from "./contract/upstream/upstream-key.ts";
export { upstream } from "./contract/upstream/upstream-target.ts";
export type * from "./contract/index.ts";
export { bodyJson, bodyText, type BodyOptions } from "./flow/bodies/body-text.ts";
export { respond } from "./flow/bodies/respond.ts";
export { transformBody } from "./flow/bodies/transform-body.ts";
export { createProxy } from "./admin/create-proxy.ts";
export type { CreateProxyOptions } from "./runtime/proxy/create-proxy.ts";
export type { Proxy } from "./runtime/proxy/proxy.ts";
export type { ListenerStatus, ProxyStatus } from "./runtime/proxy/proxy-status.ts";
export type { PlannedAction, PlannedStep, ReloadPlan, ReloadReport } from "./runtime/generation/reload-plan.ts";
