import type { HttpHeaders } from "sluice";

/** What belongs to one connection, and is not passed on (RFC 9110 section 7.6.1); Proxy-* is between the client and this proxy. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Fields that say where a message ends, where it goes and which client it is for. Upstreams make the same variable of `_` and `-` (CGI, WSGI), so there is no other spelling. */
const guarded =
  /^(?:content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|host|expect|http2-settings|proxy-.*|forwarded|x-forwarded-.*|x-real-ip)$/;

/** What no trailer may say (RFC 9110 section 6.5.1): framing, routing, control, conditions, authentication, and how the content is read. */
const untrailed =
  /^(?:content-(?:length|encoding|type|range|location|disposition|language)|transfer-encoding|connection|keep-alive|te|trailer|upgrade|host|http2-settings|cache-control|expect|max-forwards|pragma|range|if-.*|authorization|www-authenticate|authentication-info|proxy-.*|cookie|set-cookie|age|date|expires|location|retry-after|vary|warning|forwarded|x-forwarded-.*|x-real-ip)$/;

/** What Connection may not take away: where the request goes, and where it ends. */
const kept: ReadonlySet<string> = new Set(["host", "content-length", "content-type", "cookie", "authorization"]);

/**
 * The end-to-end fields of a message, by name in lower case, from Node's flat list of names and values. Pseudo-header fields of HTTP/2
 * are left out, and its crumbs of cookies put together (RFC 9113 section 8.2.3).
 */
export function endToEnd(raw: readonly string[]): HttpHeaders {
  const headers: HttpHeaders = {};
  const listed: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    if (name === "connection" || name === "proxy-connection") listed.push(...value.split(","));
    else if (isEndToEnd(name)) add(headers, name, value);
  }
  for (const each of listed) {
    const name = each.trim().toLowerCase();
    if (!kept.has(name)) delete headers[name];
  }
  return headers;
}

/** The fields of an answer that agrees on another protocol: this one of the connection's is part of what is agreed. */
export function agreed(raw: readonly string[]): HttpHeaders {
  const at = raw.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "upgrade");
  const headers = endToEnd(raw);
  if (at >= 0) headers["upgrade"] = raw[at + 1] ?? "";
  return headers;
}

function isEndToEnd(name: string): boolean {
  if (hopByHop.has(name) || name.startsWith(":")) return false;
  return !name.includes("_") || !guarded.test(name.replaceAll("_", "-"));
}

/** Trailers without what may not stand among them. */
export function trailerFields(headers: HttpHeaders): HttpHeaders {
  const trailers: HttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!untrailed.test(name.toLowerCase().replaceAll("_", "-"))) trailers[name] = value;
  return trailers;
}

function add(headers: HttpHeaders, name: string, value: string): void {
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (before === undefined) headers[name] = value;
  else if (name === "cookie") headers[name] = `${String(before)}; ${value}`;
  else headers[name] = [before, value].flat();
}

/**
 * The fields of a message as they are sent: names and values one after the other. What belongs to a connection, which only a plugin
 * can have put in, is left out; so is what a Connection field names.
 *
 * @param names as they came: in lower case, and as they are to be sent, one after the other. A field may come in several spellings
 */
export function wireFields(headers: HttpHeaders, names: readonly string[] = []): string[] {
  if (headers["connection"] !== undefined) return wireFields(endToEnd(flat(headers)), names);
  const fields: string[] = [];
  let next = 0;
  for (const name of Object.keys(headers)) {
    if (hopByHop.has(name.toLowerCase())) continue;
    const value = headers[name] ?? [];
    if (typeof value !== "string") {
      pushAll(fields, name, value, names);
      continue;
    }
    const at = placeAround(names, name, next);
    if (at >= 0) next = at + 2;
    fields.push(at < 0 ? name : spelling(names[at + 1], name), value);
  }
  return fields;
}

/** Only among the names in lower case: a hook may have written a field exactly as it came, and what follows that is the name of another. */
function placeOf(names: readonly string[], name: string, from: number): number {
  for (let at = from; at < names.length; at += 2) if (names[at] === name) return at;
  return -1;
}

/** They come in the order of the fields, unless a hook has put these into another. */
function placeAround(names: readonly string[], name: string, from: number): number {
  const at = placeOf(names, name, from);
  return at < 0 && from > 0 ? placeOf(names, name, 0) : at;
}

/** A hook may have made the names: none of them makes another field of one, such as one that frames. Other letters than of ASCII have no case here. */
function spelling(given: string | undefined, name: string): string {
  return given !== undefined && isSpelling(given, name) ? given : name;
}

function isSpelling(given: string, name: string): boolean {
  if (given.length !== name.length) return false;
  for (let at = 0; at < given.length; at += 1) {
    const letter = given.charCodeAt(at);
    const isCapital = letter >= 65 && letter <= 90;
    if ((isCapital ? letter + 32 : letter) !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** The values of one field. Where there are more of them than spellings, they have the last. */
function pushAll(fields: string[], name: string, values: readonly string[], names: readonly string[]): void {
  let at = placeOf(names, name, 0);
  let spelt = name;
  for (const value of values) {
    if (at >= 0) spelt = spelling(names[at + 1], name);
    fields.push(spelt, value);
    if (at >= 0) at = placeOf(names, name, at + 2);
  }
}

/** The same as an object, for Node, to which two spellings are one field: each has its first. */
export function wireHeaders(headers: HttpHeaders, names: readonly string[] = []): HttpHeaders {
  const isFirst = (at: number): boolean => placeOf(names, names[at - (at % 2)] ?? "", 0) === at - (at % 2);
  const fields = wireFields(
    headers,
    names.filter((_, at) => isFirst(at)),
  );
  const wire: HttpHeaders = {};
  for (let at = 0; at + 1 < fields.length; at += 2) add(wire, fields[at] ?? "", fields[at + 1] ?? "");
  return wire;
}

function flat(headers: HttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]));
}

/** The first value of a field. */
export function first(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
