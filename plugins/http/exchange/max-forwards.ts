import { respond, type HttpHeaders, type HttpRequest, type HttpResponse } from "sluice";

/** How many proxies may pass an OPTIONS or a TRACE on (RFC 9110 section 7.6.2); undefined without a limit. */
function forwardsLeft(method: string, headers: HttpHeaders): number | undefined {
  if (method !== "OPTIONS" && method !== "TRACE") return undefined;
  const left = headers["max-forwards"];
  return typeof left === "string" && /^\d+$/.test(left) ? Number(left) : undefined;
}

/** Counts this proxy in a request that is passed on. A larger number may become the largest that is supported. */
export function countForward(method: string, headers: HttpHeaders): void {
  const left = forwardsLeft(method, headers);
  if (left !== undefined) headers["max-forwards"] = String(Math.min(left, Number.MAX_SAFE_INTEGER) - 1);
}

/** The answer to a request that no further proxy may pass on; undefined for all others. */
export function endOfForwards({ method, headers }: HttpRequest): HttpResponse | undefined {
  if (forwardsLeft(method, headers) !== 0) return undefined;
  // The answer to a TRACE would show the fields of its request, and some are secret.
  return method === "TRACE" ? respond(405, undefined, { allow: "OPTIONS" }) : respond(200);
}
