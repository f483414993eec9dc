import type { HttpHeaders } from "sluice";
import { isHopByHop, knownField, knownFields, type KnownField } from "./known-fields.ts";

/**
 * Fields about the end of a message, its route and its client. For some upstreams (CGI, WSGI) `_` and `-` are the same, so spellings of these fields
 * with `_` are removed.
 */
const guarded =
  /^(?:content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|host|expect|http2-settings|proxy-.*|forwarded|x-forwarded-.*|x-real-ip)$/;

/** Fields that must not be trailers (RFC 9110 section 6.5.1): framing, routing, control, conditions, authentication and the format of the content. */
const untrailed =
  /^(?:content-(?:length|encoding|type|range|location|disposition|language)|transfer-encoding|connection|keep-alive|te|trailer|upgrade|host|http2-settings|cache-control|expect|max-forwards|pragma|range|if-.*|authorization|www-authenticate|authentication-info|proxy-.*|cookie|set-cookie|age|date|expires|location|retry-after|vary|warning|forwarded|x-forwarded-.*|x-real-ip)$/;

/** Fields that Connection must not remove: they decide the route or the end of a request, or are needed by the upstream. */
const kept: ReadonlySet<string> = new Set(["host", "content-length", "content-type", "cookie", "authorization"]);

/**
 * The end-to-end fields of a message, by name in lower case, from Node's flat list of names and values. Pseudo-fields of HTTP/2
 * are left out, and several cookie fields are joined (RFC 9113 section 8.2.3).
 */
export function endToEnd(raw: readonly string[]): HttpHeaders {
  const headers: HttpHeaders = {};
  const listed: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const given = raw[at] ?? "";
    const { name, isHopByHop: isLeftOut } = knownFields.get(given) ?? otherField(given);
    const value = raw[at + 1] ?? "";
    if (name === "connection" || name === "proxy-connection") listed.push(...value.split(","));
    else if (!isLeftOut) addField(headers, name, value);
  }
  for (const each of listed) {
    const name = each.trim().toLowerCase();
    if (!kept.has(name)) delete headers[name];
  }
  return headers;
}

/** The fields of a response that names other protocols, with Upgrade, although that is a field of the connection. */
export function withUpgrade(raw: readonly string[]): HttpHeaders {
  const protocols = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === "upgrade");
  const headers = endToEnd(raw);
  if (protocols.length > 0) headers["upgrade"] = protocols.join(", ");
  return headers;
}

/** A field that most messages do not have. */
export function otherField(given: string): Omit<KnownField, "usual"> {
  const name = given.toLowerCase();
  const isGuarded = name.includes("_") && guarded.test(name.replaceAll("_", "-"));
  return { name, isHopByHop: isGuarded || name.startsWith(":") || isHopByHop(name) };
}

/** Trailers without the fields that must not be trailers. */
export function trailerFields(headers: HttpHeaders): HttpHeaders {
  const trailers: HttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (!untrailed.test(name.toLowerCase().replaceAll("_", "-"))) setField(trailers, name, value);
  return trailers;
}

/** Sets a field. To assign `__proto__` would be to set the prototype of the object. */
export function setField(headers: HttpHeaders, name: string, value: string | string[]): void {
  if (name === "__proto__") Object.defineProperty(headers, name, { value, configurable: true, enumerable: true, writable: true });
  else headers[name] = value;
}

/** Adds a field to those before it, of which one may have the same name. */
export function addField(headers: HttpHeaders, name: string, value: string): void {
  const before = headers[name];
  // A value that is not its own is a method of all objects.
  if (before === undefined || !Object.hasOwn(headers, name)) setField(headers, name, value);
  else if (name === "cookie") headers[name] = `${String(before)}; ${value}`;
  else headers[name] = [before, value].flat();
}

/**
 * The fields of a message as they are sent: names and values, one after the other. Fields of a connection, which only a plugin
 * can have added, are left out, and so are the fields that a Connection field names.
 *
 * @param names pairs of a name in lower case and its spelling to send, one after the other. A field may have several spellings
 */
export function wireFields(headers: HttpHeaders, names: readonly string[] = []): string[] {
  if (headers["connection"] !== undefined) return wireFields(endToEnd(flat(headers)), names);
  const fields: string[] = [];
  let next = 0;
  for (const name of Object.keys(headers)) {
    const known = knownField(name);
    if (known?.isHopByHop === true) continue;
    const value = headers[name] ?? [];
    if (typeof value !== "string") {
      pushAll(fields, name, value, names);
      continue;
    }
    const at = placeAround(names, name, next);
    if (at >= 0) next = at + 2;
    fields.push(at < 0 ? name : spelling(names[at + 1], name, known), value);
  }
  return fields;
}

/** The place of a name, searched only among the names in lower case, and not among the spellings. */
function placeOf(names: readonly string[], name: string, from: number): number {
  for (let at = from; at < names.length; at += 2) if (names[at] === name) return at;
  return -1;
}

/** The place of a name, searched first from an expected place: names have the order of the fields, unless a hook has changed the order. */
function placeAround(names: readonly string[], name: string, from: number): number {
  const at = placeOf(names, name, from);
  return at < 0 && from > 0 ? placeOf(names, name, 0) : at;
}

/**
 * The spelling to send. A hook may have made it, so it is used only if it differs from the name in the case of ASCII letters: it must not become
 * another field.
 */
function spelling(given: string | undefined, name: string, known?: KnownField): string {
  return given !== undefined && (given === known?.usual || isSpelling(given, name)) ? given : name;
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

/** Adds the values of one field. With more values than spellings, the rest get the last spelling. */
function pushAll(fields: string[], name: string, values: readonly string[], names: readonly string[]): void {
  let at = placeOf(names, name, 0);
  let spelt = name;
  for (const value of values) {
    if (at >= 0) spelt = spelling(names[at + 1], name);
    fields.push(spelt, value);
    if (at >= 0) at = placeOf(names, name, at + 2);
  }
}

/** The fields to send as an object, for Node, which treats two spellings as one field: the first spelling is used. */
export function wireHeaders(headers: HttpHeaders, names: readonly string[] = []): HttpHeaders {
  const isFirst = (at: number): boolean => placeOf(names, names[at - (at % 2)] ?? "", 0) === at - (at % 2);
  const fields = wireFields(
    headers,
    names.filter((_, at) => isFirst(at)),
  );
  const wire: HttpHeaders = {};
  for (let at = 0; at + 1 < fields.length; at += 2) addField(wire, fields[at] ?? "", fields[at + 1] ?? "");
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
