/// <reference types="node" preserve="true" />
export { dnsCache } from "./dns-cache/dns-cache.ts";
export { echo } from "./echo.ts";
export { http } from "./http/http.ts";
export { logging } from "./logging.ts";
export type { ProxyHeader, ProxyTlv } from "./proxy-protocol/header.ts";
export { proxyHeader, proxyProtocol } from "./proxy-protocol/proxy-protocol.ts";
export { rateLimit } from "./rate-limit/rate-limit.ts";
export type { BucketLimit, RateLimitStore } from "./rate-limit/store.ts";
export { retry } from "./retry.ts";
export { route } from "./route/route.ts";
export { tlsTermination } from "./tls-termination/tls-termination.ts";
