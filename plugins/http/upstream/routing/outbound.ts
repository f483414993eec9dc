import { clientKey } from "sluice";
import type { HttpHeaders } from "sluice";
import type { ClientRequest, InterimReceiver } from "../../exchange/client-request.ts";
import type { Forwarded } from "./forwarded.ts";
import { countForward } from "../../exchange/max-forwards.ts";
import { asciiTarget } from "../../message/normal-path.ts";
import type { RouteOptions } from "../../exchange/options.ts";
import type { ReplayBody } from "../../exchange/replay-body.ts";
import { first, setField } from "../../message/header-fields.ts";
import { bare, strippedPrefix } from "./route-changes.ts";
import { rewritten } from "./routes.ts";
import type { WholeBody } from "../../exchange/whole-body.ts";

/** What one attempt sends to an upstream. */
export interface Outbound {
  readonly method: string;
  readonly url: string;
  /** The client's scheme, and below the host and port that it asked for: from the request, or from a trusted proxy. */
  readonly scheme: string;
  readonly authority: string;
  readonly headers: HttpHeaders;
  readonly fieldNames?: readonly string[] | undefined;
  readonly content: ReplayBody | WholeBody | undefined;
  readonly interim: InterimReceiver | undefined;
  /** The client of the request. */
  readonly client: string;
  /** The protocol to which the request asks to change. */
  readonly upgrade: string | undefined;
  /** Called when it has a connection, so that bytes of it may reach the upstream. */
  begun(): void;
}

/** A target without spaces and line breaks; routes decide about everything else. Characters that are not ASCII are octets. */
const printable = /^[!-~\u0080-\u00ff]+$/;

/** @throws TypeError when it may not be sent as the target of a request */
export function checkTarget(url: string): void {
  if (!printable.test(url)) throw new TypeError(`${JSON.stringify(url)} is not the target of a request`);
}

/** Methods whose body has a meaning. */
const bodied: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Makes the outbound request from the request after all hooks. It is made for each attempt, so that none sees the changes of the one before. */
export function outboundOf(
  request: ClientRequest,
  endpoint: string,
  { route, forwarded }: { readonly route: RouteOptions | undefined; readonly forwarded: Forwarded },
): Outbound {
  const { method, session, scheme, fieldNames, content, interim, upgrade } = request;
  const headers = copyOf(request.headers);
  settleLength(headers, method, content);
  countForward(method, headers);
  forwarded.set(headers, session, scheme);
  const { "x-forwarded-host": said = "", "x-forwarded-proto": seenScheme = scheme } = headers;
  // If a hook changed Host, the client still knows its own host.
  const authority = said === headers["host"] ? request.authority : String(said);
  if (route !== undefined) changeByRoute(headers, route);
  // A request of HTTP/1.0 may have no Host; the HTTP/1.1 to the upstream needs one.
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
    fieldNames: route === undefined ? fieldNames : spelledBy(route.headers, fieldNames),
    content,
    interim,
    client: clientOf(request),
    upgrade,
    begun,
  };
}

function changeByRoute(headers: HttpHeaders, route: RouteOptions): void {
  const prefix = strippedPrefix(route);
  // A trusted proxy may have removed another prefix before.
  if (prefix !== "") headers["x-forwarded-prefix"] = `${bare(first(headers, "x-forwarded-prefix") ?? "")}${prefix}`;
  change(headers, route.headers);
}

/** A received target has only octets, and is sent unchanged. A text with other characters was written by a hook, and is encoded. */
function sendable(url: string): string {
  return /[^\0-\u00ff]/.test(url) ? asciiTarget(url) : url;
}

/** The key by which the connections to an endpoint are shared among clients. */
export function clientOf({ client }: ClientRequest): string {
  return clientKey(client);
}

/** Sets Content-Length to that of the body, whatever hooks did to it; for a streamed body it is the client's value. */
function settleLength(headers: HttpHeaders, method: string, content: Outbound["content"]): void {
  if (content?.whole !== undefined) headers["content-length"] = String(content.whole.length);
  // RFC 9110 section 8.6: a method whose body has a meaning sends 0 when there is none.
  else if (content === undefined && bodied.has(method)) headers["content-length"] = "0";
  else if (content?.length !== undefined) headers["content-length"] = content.length;
  else if (headers["content-length"] !== undefined) delete headers["content-length"];
}

/** Copies headers. No spreading: V8 takes a microsecond for each field that is added to such a copy. */
function copyOf(headers: HttpHeaders): HttpHeaders {
  const copy: HttpHeaders = {};
  for (const name of Object.keys(headers)) setField(copy, name, headers[name] ?? "");
  return copy;
}

/** The spellings of fields, where those that a route sets are spelt as in the config. @param names as for `wireFields` */
export function spelledBy({ set }: RouteOptions["headers"], names: readonly string[] = []): readonly string[] {
  const own = Object.keys(set).flatMap((name) => [name.toLowerCase(), name]);
  if (own.length === 0) return names;
  // Names in lower case are at even places.
  const isOther = (name: string): boolean => !own.some((each, at) => at % 2 === 0 && each === name);
  return [...own, ...names.filter((_, at) => isOther(names[at - (at % 2)] ?? ""))];
}

/** Removes and sets fields. */
export function change(headers: HttpHeaders, { set, remove }: RouteOptions["headers"]): void {
  for (const name of remove) delete headers[name.toLowerCase()];
  for (const [name, value] of Object.entries(set)) headers[name.toLowerCase()] = value;
}
