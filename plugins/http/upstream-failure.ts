import { reasonOf, SluiceError } from "sluice";
import type { ClientRequest } from "node:http";

/** Responses before the response, at most: nothing else would keep a client from them. */
export const MOST_INTERIM = 100;

/** The cause of a failure on a connection that had been used before: no fault of the request's. */
export class StaleConnection extends Error {
  constructor() {
    super("a kept connection was closed by the upstream");
  }
}

/** The upstream sends interim responses without end. */
export function endlessInterim(endpoint: string): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${endpoint} sent more than ${MOST_INTERIM} interim responses`);
}

/** The upstream switches protocols on a request that did not ask for it. */
export function unaskedUpgrade(endpoint: string): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${endpoint} answered with an upgrade that nobody asked for`);
}

/** Why an attempt got no response. */
export function upstreamFailure(error: unknown, endpoint: string, outgoing: ClientRequest | undefined): SluiceError {
  const code = (error as { code?: unknown } | null)?.code;
  const isStale = outgoing?.reusedSocket === true && (code === "ECONNRESET" || code === "SLUICE_UPSTREAM_RESET");
  if (SluiceError.is(error) && !isStale) return error;
  if (typeof code === "string" && code.startsWith("HPE_"))
    return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${endpoint} answered with what is no HTTP (${code})`, { cause: error });
  const detail = `upstream ${endpoint} closed the connection without a response: ${reasonOf(error)}`;
  return new SluiceError("SLUICE_UPSTREAM_RESET", detail, { cause: isStale ? new StaleConnection() : error });
}
