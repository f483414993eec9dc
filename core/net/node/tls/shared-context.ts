import type { SecureContext, Server } from "node:tls";

/** Where `tls.Server` keeps the context that it made from its options. */
interface WithContext {
  _sharedCreds?: SecureContext;
}

/**
 * Makes a TLS server use a context that was made before. Node's server makes its own one instead, from some of the options only (not from
 * `allowPartialTrustChain`), and a client that sends no name gets that. Undocumented: where this Node has no such property, its own context stays.
 */
export function shareContext(server: Server, context: SecureContext): void {
  const keeps = server as unknown as WithContext;
  if (typeof keeps._sharedCreds?.context === typeof context.context) keeps._sharedCreds = context;
}
