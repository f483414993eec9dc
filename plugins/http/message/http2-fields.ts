import type { OutgoingHttpHeaders } from "node:http2";
import { endToEnd } from "./header-fields.ts";
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
