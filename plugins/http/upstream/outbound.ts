import { clientKey } from "sluice";
import type { HttpHeaders } from "sluice";
import type { ClientRequest, Interim } from "../exchange/client-request.ts";
import type { Forwarded } from "./forwarded.ts";
import { asciiTarget } from "../message/normal-path.ts";
import type { RouteOptions } from "../exchange/options.ts";
import type { ReplayBody } from "../exchange/replay-body.ts";
import { first } from "../message/header-fields.ts";
import { strippedPrefix } from "./route-changes.ts";
import { rewritten } from "./routes.ts";
import type { WholeBody } from "../exchange/whole-body.ts";

/** What one attempt sends to an upstream. */
export interface Outbound {
  readonly method: string;
  readonly url: string;
  /** How the client came, and the host and port that it asked for: its own words, or those of a trusted proxy. */
  readonly scheme: string;
  readonly authority: string;
  readonly headers: HttpHeaders;
  readonly fieldNames?: readonly string[] | undefined;
  readonly content: ReplayBody | WholeBody | undefined;
  readonly interim: Interim | undefined;
  /** Whose request it is. */
  readonly client: string;
  /** The protocol that it asks for instead. */
  readonly upgrade: string | undefined;
  /** It has a connection, and bytes of it may reach the upstream. */
  begun(): void;
}

/** No blank, no line break: the rest of a target is the route's business. Characters beyond ASCII are octets. */
const printable = /^[!-~\u0080-\u00ff]+$/;

/** @throws TypeError where it may not be sent as the target of a request */
export function checkTarget(url: string): void {
  if (!printable.test(url)) throw new TypeError(`${JSON.stringify(url)} is not the target of a request`);
}

/** Methods that give a body a meaning. */
const bodied: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Makes it of the request as hooks left it, each time, so that no attempt sees the changes of the one before. */
export function outboundOf(
  request: ClientRequest,
  endpoint: string,
  { route, forwarded }: { readonly route: RouteOptions | undefined; readonly forwarded: Forwarded },
): Outbound {
  const { method, session, scheme, fieldNames, content, interim, upgrade } = request;
  const headers = copyOf(request.headers);
  settleLength(headers, method, content);
  forwarded.set(headers, session, scheme);
  const { "x-forwarded-host": said = "", "x-forwarded-proto": seenScheme = scheme } = headers;
  // What a hook made of Host, the client does not know.
  const authority = said === headers["host"] ? request.authority : String(said);
  if (route !== undefined) changeByRoute(headers, route);
  // HTTP/1.0 has none; HTTP/1.1, which is spoken to upstreams, must.
  headers["host"] ??= endpoint.startsWith("unix:") ? "localhost" : endpoint;
  const target = sendable(request.url);
  const url = route === undefined ? target : rewritten(target, route);
  const begun = (): void => {
    request.sent = true;
  };
  return {
    scheme: String(seenScheme),
    authority,
    method,
    url,
    headers,
    fieldNames,
    content,
    interim,
    client: clientOf(request),
    upgrade,
    begun,
  };
}

function changeByRoute(headers: HttpHeaders, route: RouteOptions): void {
  const prefix = strippedPrefix(route);
  // A trusted proxy may have taken one off before.
  if (prefix !== "") headers["x-forwarded-prefix"] = `${(first(headers, "x-forwarded-prefix") ?? "").replace(/\/+$/, "")}${prefix}`;
  change(headers, route.headers);
}

/** What came is octets, and is sent as it came. What a hook wrote as a text is one that has a character beyond these. */
function sendable(url: string): string {
  return /[^\0-\u00ff]/.test(url) ? asciiTarget(url) : url;
}

/** What of the connections to an endpoint is shared by: the client. */
export function clientOf({ client }: ClientRequest): string {
  return clientKey(client);
}

/** What Content-Length says, whatever hooks made of it; of a body that may still be coming it is the client's. */
function settleLength(headers: HttpHeaders, method: string, content: Outbound["content"]): void {
  if (content?.whole !== undefined) headers["content-length"] = String(content.whole.length);
  // RFC 9110 section 8.6: where a body would have a meaning, it is said that there is none.
  else if (content === undefined && bodied.has(method)) headers["content-length"] = "0";
  else if (content?.length !== undefined) headers["content-length"] = content.length;
  else if (headers["content-length"] !== undefined) delete headers["content-length"];
}

/** Not by spreading: V8 takes a microsecond for each field that is added to such a copy. */
function copyOf(headers: HttpHeaders): HttpHeaders {
  const copy: HttpHeaders = {};
  for (const name of Object.keys(headers)) copy[name] = headers[name] ?? "";
  return copy;
}

/** Removes and sets fields. */
export function change(headers: HttpHeaders, { set, remove }: RouteOptions["headers"]): void {
  for (const name of remove) delete headers[name.toLowerCase()];
  for (const [name, value] of Object.entries(set)) headers[name.toLowerCase()] = value;
}
