import type { HttpHeaders } from "sluice";
import type { OutgoingHttpHeaders } from "node:http2";
import { addField, endToEnd, otherField, wireFields } from "./header-fields.ts";
import { isHopByHop, knownFields } from "./known-fields.ts";
import { checkField } from "./message-head.ts";
import { makeSingle } from "./single-fields.ts";

/**
 * Fields as an object that Node sends in HTTP/2, without fields of a connection.
 * @param fields names and values, one after the other
 * @throws TypeError when a field may not be sent
 */
export function http2Fields(fields: readonly string[]): OutgoingHttpHeaders {
  for (let at = 0; at + 1 < fields.length; at += 2) checkField(fields[at] ?? "", fields[at + 1] ?? "");
  const headers = endToEnd(fields);
  makeSingle(headers);
  return headers;
}

/**
 * Adds the fields of a message to an object that Node sends in HTTP/2: those that `http2Fields(wireFields(headers))` has, in one step.
 * @param to it has pseudo-fields only
 * @throws TypeError when a field may not be sent
 */
export function addHttp2Fields(to: HttpHeaders, headers: HttpHeaders): void {
  if (headers["connection"] !== undefined) {
    addHttp2Fields(to, endToEnd(wireFields(headers)));
    return;
  }
  let isSingle = true;
  for (const given of Object.keys(headers)) if (!addOne(to, given, headers[given])) isSingle = false;
  if (!isSingle) makeSingle(to);
}

/** @returns whether it has a single value */
function addOne(to: HttpHeaders, given: string, value: HttpHeaders[string] = []): boolean {
  if (isHopByHop(given)) return true;
  const { name, isHopByHop: isLeftOut } = knownFields.get(given) ?? otherField(given);
  const isSingle = typeof value === "string" && to[name] === undefined;
  for (const each of typeof value === "string" ? [value] : value) {
    checkField(given, each);
    if (!isLeftOut) addField(to, name, each);
  }
  return isSingle;
}
