import { TYPE, type DnsLayout } from "./dns-layout.ts";

/** Options between one client and the server: cookies (RFC 7873) and padding (RFC 7830). Others are part of the question. */
export const PRIVATE_OPTIONS: ReadonlySet<number> = new Set([10, 12]);

/** One option of an OPT record, whole. */
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
 * Takes the cookies (RFC 7873) out of a message, in place: they are between two neighbours, and the proxy is in between. A server that
 * requires them serves those who send none. A signed message stays as it is.
 * @returns the message, perhaps shorter
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
  // What follows must not move: others may point there. Padding says nothing (RFC 7830).
  for (const { code, bytes } of options) {
    if (code !== COOKIE) continue;
    bytes.fill(0, 4);
    bytes.writeUInt16BE(PADDING, 0);
  }
  return message;
}

/**
 * A copy of an answer without what is meant for one client only: with another's cookie, a client would throw it away.
 * @returns undefined when that is not at the end, where taking it out moves nothing else
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

/** A copy with memory of its own: one that is kept for an hour must not keep a whole block of Node's pool. */
function own(bytes: Buffer): Buffer {
  const copy = Buffer.alloc(bytes.length);
  bytes.copy(copy);
  return copy;
}
