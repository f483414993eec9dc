/// <reference types="node" preserve="true" />
export type { DnsCacheConfig } from "./dns-cache/config.ts";
export { dnsCache } from "./dns-cache/dns-cache.ts";
export { echo } from "./echo.ts";
export type { HeaderChangesConfig, HttpConfig, HttpLimitsConfig, HttpRouteConfig, HttpTimeoutsConfig } from "./http/config.ts";
export { http } from "./http/http.ts";
export { logging, type LoggingConfig } from "./logging.ts";
export type { ProxyHeader, ProxyTlv } from "./proxy-protocol/header.ts";
export { proxyHeader, proxyProtocol, type ProxyProtocolConfig } from "./proxy-protocol/proxy-protocol.ts";
export type { LimitConfig, RateLimitConfig } from "./rate-limit/config.ts";
export { rateLimit } from "./rate-limit/rate-limit.ts";
export type { BucketLimit, RateLimitStore } from "./rate-limit/store.ts";
export { retry, type RetryConfig } from "./retry.ts";
export type { RouteConfig, RouteProtocol, SessionRouteConfig } from "./route/config.ts";
export { route } from "./route/route.ts";
export type { CertificateConfig, ClientAuthConfig, TlsTerminationConfig } from "./tls-termination/config.ts";
export { startTls, type StartTlsConfig } from "./start-tls/start-tls.ts";
export { tlsTermination } from "./tls-termination/tls-termination.ts";
export { userAuthority } from "./tls-termination/user-authority.ts";
