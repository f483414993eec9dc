import { TYPE, type DnsLayout } from "./dns-layout.ts";

/** Options that are only for one client and one server: cookies (RFC 7873) and padding (RFC 7830). Other options are part of the question. */
export const PRIVATE_OPTIONS: ReadonlySet<number> = new Set([10, 12]);

/** One option of an OPT record, with its header. */
export interface EdnsOption {
  readonly code: number;
  readonly bytes: Buffer;
}

/** @returns undefined when the data is malformed */
export function optionsOf(data: Buffer): EdnsOption[] | undefined {
  const options: EdnsOption[] = [];
  for (let at = 0; at < data.length;) {
    if (at + 4 > data.length) return undefined;
    const end = at + 4 + data.readUInt16BE(at + 2);
    if (end > data.length) return undefined;
    options.push({ code: data.readUInt16BE(at), bytes: data.subarray(at, end) });
    at = end;
  }
  return options;
}

const COOKIE = 10;
const PADDING = 12;

/**
 * Removes the cookies (RFC 7873) from a message, in place: a cookie is for two direct neighbours, and here the proxy is between them. Servers that
 * use cookies also serve clients that send none. A signed message is not changed.
 * @returns the message, possibly shorter
 */
export function withoutCookies(message: Buffer, layout: DnsLayout): Buffer {
  const opt = layout.records.find(({ type }) => type === TYPE.OPT);
  if (opt === undefined || opt.end === opt.dataAt || layout.records.some(({ type }) => type === TYPE.TSIG || type === TYPE.SIG))
    return message;
  const options = optionsOf(message.subarray(opt.dataAt, opt.end));
  if (options?.some(({ code }) => code === COOKIE) !== true) return message;
  if (opt.end === message.length) {
    const rest = Buffer.concat(options.filter(({ code }) => code !== COOKIE).map(({ bytes }) => bytes));
    rest.copy(message, opt.dataAt);
    message.writeUInt16BE(rest.length, opt.dataAt - 2);
    return message.subarray(0, opt.dataAt + rest.length);
  }
  // The bytes after it must not move, since names may point to them; so the option becomes padding, which has no meaning (RFC 7830).
  for (const { code, bytes } of options) {
    if (code !== COOKIE) continue;
    bytes.fill(0, 4);
    bytes.writeUInt16BE(PADDING, 0);
  }
  return message;
}

/**
 * A copy of an answer without the options for one client only: a client would drop an answer that has another client's cookie.
 * @returns undefined when the OPT record is not at the end, so that removing bytes would move others
 */
export function withoutPrivateOptions(message: Buffer, { records }: DnsLayout): Buffer | undefined {
  const opt = records.find(({ type }) => type === TYPE.OPT);
  const options = opt === undefined ? [] : optionsOf(message.subarray(opt.dataAt, opt.end));
  if (options === undefined) return undefined;
  const kept = options.filter(({ code }) => !PRIVATE_OPTIONS.has(code));
  if (opt === undefined || kept.length === options.length) return own(message);
  if (opt.end !== message.length) return undefined;
  const data = Buffer.concat(kept.map(({ bytes }) => bytes));
  const result = own(Buffer.concat([message.subarray(0, opt.dataAt), data]));
  result.writeUInt16BE(data.length, opt.dataAt - 2);
  return result;
}

/** A copy with its own memory: an answer that is kept for an hour must not keep a whole block of Node's buffer pool. */
function own(bytes: Buffer): Buffer {
  const copy = Buffer.alloc(bytes.length);
  bytes.copy(copy);
  return copy;
}
