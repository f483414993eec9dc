import type { HttpHeaders } from "sluice";

/** Lists that Node, but not HTTP, allows as a single line only in HTTP/2: their lines are one list, in parts (RFC 9110 section 5.3). */
const lists: ReadonlySet<string> = new Set(["content-encoding", "content-language", "if-match", "if-none-match"]);

/**
 * What has a single value. Node refuses a second one in HTTP/2 (ERR_HTTP2_HEADER_SINGLE_VALUE), and of most of them no two would mean
 * anything. A test compares with what the running Node refuses.
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

/** Makes one value of the fields that HTTP/2 allows once: lists are joined, of the others the first is kept, as other proxies do. */
export function makeSingle(headers: HttpHeaders): void {
  for (const name of Object.keys(headers)) {
    const values = headers[name];
    if (!Array.isArray(values) || values.length < 2) continue;
    if (lists.has(name)) headers[name] = values.join(", ");
    else if (singles.has(name)) headers[name] = values[0] ?? "";
  }
}
