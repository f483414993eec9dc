import type { Address } from "../addresses/address.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { HttpResponse } from "./http.ts";

// The core uses what a hook emits without further checks, and a plugin in JavaScript may emit anything.

/** For `admit`: any emission admits the session, whatever its value. */
export function anything(): void {
  // Nothing to check.
}

/** For `resolve`. @throws TypeError unless it is a list of addresses */
export function checkAddresses(value: Address[]): void {
  const given: unknown = value;
  if (!Array.isArray(given) || !given.every((each: unknown) => typeof (each as Partial<Address> | null)?.address === "string")) {
    throw new TypeError("a resolve hook must emit a list of { address, family, ttl }");
  }
}

/** For `connect`. @throws TypeError unless it is an open leg */
export function checkUpstream(value: Upstream): void {
  const given = value as Partial<Upstream> | null | undefined;
  if (typeof given?.leg?.write !== "function")
    throw new TypeError("a connect hook must emit what its attempt emitted, or what answer() makes");
}

/** For `exchange`. @throws TypeError unless it is a whole response, or an upgrade */
export function checkResponse(value: HttpResponse): void {
  const { status, headers, upgraded } = (value as Partial<HttpResponse> | null | undefined) ?? {};
  const least = upgraded === undefined ? 200 : 101;
  if (!Number.isInteger(status) || Number(status) < least || Number(status) > 999 || typeof headers !== "object")
    throw new TypeError("an exchange hook must emit what its attempt emitted, or { status, headers, body }");
}
