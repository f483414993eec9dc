import { domainToASCII } from "node:url";
import { SluiceError } from "../errors/errors.ts";
import { withoutUserInfo } from "../errors/secrets.ts";

/** One endpoint, parsed. `path` is set for a unix socket, and then host is empty and port 0. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  /** As written, for logs. */
  readonly text: string;
  /** Its share of new sessions. @default 1 */
  readonly weight?: number;
  /** Used only while all others are down. @default false */
  readonly backup?: boolean;
  /** Sessions at the same time. @default no limit */
  readonly maxSessions?: number;
}

/** sockaddr_un holds 108 bytes with the final NUL on Linux, 104 on macOS. */
const pathLimit = process.platform === "darwin" ? 103 : 107;

/** What a template makes of a variable that is not set. */
const unset = /\b(?:undefined|null|NaN)\b/;

const invalid = (detail: string): SluiceError =>
  new SluiceError("SLUICE_CONFIG_INVALID", `${withoutUserInfo(detail)}${unset.test(detail) ? ": is a variable not set?" : ""}`);

/** Whether a text is an IPv4 address in dotted form. It is written here because only core/net may load node:net. */
export function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Whether a text is an IPv6 address, without brackets, with or without a zone. */
export function isIPv6(text: string): boolean {
  const [address = "", zone] = text.split("%", 2);
  if (!/^[0-9a-f:.]+$/i.test(address) || !address.includes(":") || (zone !== undefined && !/^[\w.-]+$/.test(zone))) return false;
  return URL.canParse(`http://[${address}]/`);
}

function hostName(host: string, text: string): string {
  const name = /[^ -~]/.test(host) ? domainToASCII(host) : host.toLowerCase();
  const labels = name.replace(/\.$/, "").split(".");
  const fits = name.length <= 253 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  if (!fits || name === "undefined" || name === "null")
    throw invalid(`expected a host name or an IP address, got ${JSON.stringify(host)} in ${JSON.stringify(text)}`);
  // The C library would read "10.1" or "999.1.1.1" as some address or ask the name servers: neither is what was meant.
  if (/^\d+$/.test(labels.at(-1) ?? "") && !isIPv4(name))
    throw invalid(`expected an IPv4 address such as 10.0.0.1, got ${JSON.stringify(host)}`);
  return name;
}

function portNumber(digits: string, least: number, text: string): number {
  const port = Number(digits);
  if (/^\d{1,5}$/.test(digits) && port >= least && port <= 65_535) return port;
  throw invalid(`expected a port from ${least} to 65535, got ${JSON.stringify(digits)} in ${JSON.stringify(text)}`);
}

/**
 * Parses `host:port` or `[v6]:port`; the host may be empty.
 * @param least the lowest allowed port @param text the whole address, for messages
 * @throws SLUICE_CONFIG_INVALID
 */
export function hostAndPort(place: string, text: string, least: number): { host: string; port: number } {
  const [, host, digits] = (place.startsWith("[") ? /^\[([^\]]*)\](?::(.*))?$/ : /^([^:]*)(?::([^:]*))?$/).exec(place) ?? [];
  if (host === undefined) throw invalid(`expected "host:port", or "[address]:port" for IPv6 (in brackets), got ${JSON.stringify(text)}`);
  const bracketed = place.startsWith("[");
  if (bracketed && !isIPv6(host)) throw invalid(`expected an IPv6 address between the brackets, got ${JSON.stringify(text)}`);
  if (digits === undefined) throw invalid(`expected "host:port", got ${JSON.stringify(text)} without a port`);
  const name = bracketed ? host.toLowerCase() : host === "" ? "" : hostName(host, text);
  return { host: name, port: portNumber(digits, least, text) };
}

/** Parses the path of a unix socket. @param text the whole address, for messages @throws SLUICE_CONFIG_INVALID */
export function socketPath(path: string, text: string): string {
  if (!path.startsWith("/") || path === "/")
    throw invalid(`expected an absolute path such as unix:/run/app.sock, got ${JSON.stringify(text)}`);
  if (Buffer.byteLength(path) > pathLimit)
    throw invalid(`expected a socket path of at most ${pathLimit} bytes, got ${JSON.stringify(text)}`);
  return path;
}

/** @param form the expected form, for the message @throws SLUICE_CONFIG_INVALID */
export function refuseBlanks(text: string, form: string): void {
  if (typeof text !== "string") throw invalid(`expected ${form}, got ${typeof text}`);
  // oxlint-disable-next-line eslint/no-control-regex -- such bytes in a name are an injection or a mistake, never part of a host
  if (/[\u0000-\u0020\u007f]/.test(text))
    throw invalid(`expected ${form} without blanks or control characters, got ${JSON.stringify(text)}`);
}

/**
 * Parses an upstream's endpoint: `host:port`, `[v6]:port` or `unix:/path`. Names become lower case.
 * @throws SLUICE_CONFIG_INVALID
 */
export function parseEndpoint(text: string): Endpoint {
  refuseBlanks(text, `"host:port", "[v6]:port" or "unix:/path"`);
  if (text.startsWith("unix:")) return { host: "", port: 0, path: socketPath(text.slice(5).replace(/^\/\/(?=\/)/, ""), text), text };
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) throw invalid(`expected "host:port" without ${JSON.stringify(scheme)}, got ${JSON.stringify(text)}`);
  const { host, port } = hostAndPort(/^\d+$/.test(text) ? `:${text}` : text, text, 1);
  if (host === "") throw invalid(`expected a host before the port, such as localhost:3000, got ${JSON.stringify(text)}`);
  return { host, port, text };
}
