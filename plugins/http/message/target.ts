import { requestRefused } from "./failure.ts";
import { token } from "./message-head.ts";

/** What a request is for, by the target in its first line. */
export interface Target {
  /** Path and query as they were sent, or `*` (RFC 9112 section 3.2.4). */
  readonly url: string;
  /** Host and port, where the target has them: they win over Host (RFC 9112 section 3.2.2). */
  readonly authority: string | undefined;
}

/** As nginx and HAProxy: whatever is no control character and no blank is passed on, since browsers send `\`, `|` and UTF-8. A `#` is for the client alone. */
const printable = "[^\\u0000-\\u0020\\u007f#]";
const originForm = new RegExp(`^/${printable}*$`);
const absoluteForm = new RegExp(`^https?://([^/?\\u0000-\\u0020\\u007f#]+)((?:[/?]${printable}*)?)$`, "i");
/** Some upstreams resolve these, and take `\` for a slash; then another route would have been the right one. */
const dotSegment = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;

/**
 * Reads the target of a request. It is no forward proxy: the authority of an absolute URL chooses among the routes, as Host does.
 * @throws SLUICE_HTTP_REQUEST
 */
export function readTarget(method: string, target: string): Target {
  if (!token.test(method) || method === "CONNECT") throw requestRefused("the method is not served");
  const [, authority, rest = ""] = (target.startsWith("/") ? null : absoluteForm.exec(target)) ?? [];
  const url = authority === undefined ? target : fromRoot(rest, method);
  if (url !== "*" || method !== "OPTIONS") checkPath(url);
  return { url, authority };
}

function checkPath(url: string): void {
  if (!originForm.test(url)) throw requestRefused("expected a path that begins with a slash, or an absolute URL, without blanks and #");
  if (dotSegment.test(pathOf(url))) throw requestRefused("the path has dot segments");
}

/** What comes before the query. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function fromRoot(rest: string, method: string): string {
  if (rest === "" && method === "OPTIONS") return "*";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
