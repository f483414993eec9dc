import type { HttpHeaders } from "sluice";

/** Fields with lists that Node allows only once in HTTP/2, although HTTP allows several lines, which form one list (RFC 9110 section 5.3). */
const lists: ReadonlySet<string> = new Set(["content-encoding", "content-language", "if-match", "if-none-match"]);

/**
 * Fields with a single value. Node refuses a second one in HTTP/2 (ERR_HTTP2_HEADER_SINGLE_VALUE), and for most of them two values would have no
 * meaning. A test compares this list with the fields that the running Node refuses.
 */
const singles: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);

/** Makes one value of fields that are allowed once in HTTP/2: lists are joined, and of other fields the first value is kept, as in other proxies. */
export function makeSingle(headers: HttpHeaders): void {
  for (const name of Object.keys(headers)) {
    const values = headers[name];
    if (!Array.isArray(values) || values.length < 2) continue;
    if (lists.has(name)) headers[name] = values.join(", ");
    else if (singles.has(name)) headers[name] = values[0] ?? "";
  }
}
