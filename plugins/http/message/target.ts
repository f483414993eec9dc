import { requestRefused } from "./failure.ts";
import { token } from "./message-head.ts";

/** The parsed target of a request. */
export interface Target {
  /** Path and query as they were sent, or `*` (RFC 9112 section 3.2.4). */
  readonly url: string;
  /** Host and port, if the target has them: they take precedence over Host (RFC 9112 section 3.2.2). */
  readonly authority: string | undefined;
}

/**
 * As in nginx and HAProxy, all characters except control characters and spaces are passed on, since browsers send `\`, `|` and UTF-8. `#` must not
 * be sent.
 */
const printable = "[^\\u0000-\\u0020\\u007f#]";
const originForm = new RegExp(`^/${printable}*$`);
const absoluteForm = new RegExp(`^https?://([^/?\\u0000-\\u0020\\u007f#]+)((?:[/?]${printable}*)?)$`, "i");
/**
 * Some upstreams resolve dot segments, also after they have decoded slashes (nginx), removed parameters (`..;x`, Tomcat), or taken `\` for a slash:
 * then the request would reach a path of another route.
 */
const dotSegment = /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:;[^/\\]*)?(?:[/\\]|%2f|%5c|$)/i;

/**
 * Reads the target of a request. This is not a forward proxy: the authority of an absolute URL is used to choose a route, like Host.
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
  if (hasDotSegments(pathOf(url))) throw requestRefused("the path has dot segments");
}

export function hasDotSegments(path: string): boolean {
  return dotSegment.test(path);
}

/** The part before the query. */
export function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function fromRoot(rest: string, method: string): string {
  if (rest === "" && method === "OPTIONS") return "*";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
