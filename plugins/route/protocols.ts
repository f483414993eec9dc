import { clientHello } from "sluice";

/** Whether bytes are the beginning of a protocol; undefined when more bytes are needed. */
export type Guess = boolean | undefined;

/** The methods of RFC 9110 and RFC 5789, and methods of WebDAV and its extensions that may be the first in a connection. */
const methods =
  "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH QUERY MKCALENDAR".split(
    " ",
  );

/** Whether bytes begin with one of the texts. */
function starts(...texts: readonly string[]): (bytes: Buffer) => Guess {
  const beginnings = texts.map((text) => Buffer.from(text, "latin1"));
  return (bytes) => {
    let isOpen = false;
    for (const beginning of beginnings) {
      const common = Math.min(bytes.length, beginning.length);
      if (bytes.compare(beginning, 0, common, 0, common) !== 0) continue;
      if (common === beginning.length) return true;
      isOpen = true;
    }
    return isOpen ? undefined : false;
  };
}

function tls(bytes: Buffer): Guess {
  const hello = clientHello(bytes);
  if (hello === "more") return undefined;
  return hello !== "invalid";
}

/** RFC 1928 section 3: the version, the number of methods, and the methods. */
function socks5(bytes: Buffer): Guess {
  const [version, count] = bytes;
  if (version !== 5 || count === 0) return version === undefined ? undefined : false;
  return count !== undefined && bytes.length >= 2 + count ? true : undefined;
}

/** Version 4, then CONNECT or BIND. */
function socks4(bytes: Buffer): Guess {
  const [version, command] = bytes;
  if (version !== 4) return version === undefined ? undefined : false;
  return command === undefined ? undefined : command === 1 || command === 2;
}

const postgresRequests: ReadonlyMap<number, number> = new Map([
  // CancelRequest, SSLRequest and GSSENCRequest have a number instead of a version, and a fixed length.
  [80_877_102, 16],
  [80_877_103, 8],
  [80_877_104, 8],
]);
/** The longest start-up packet that PostgreSQL itself accepts. */
const POSTGRES_MAX = 10_000;

/** PostgreSQL, "Message Formats": a length and version 3.x, or one of the requests that may come before. */
function postgres(bytes: Buffer): Guess {
  if (bytes.length < 8) return mayBePostgres(bytes) ? undefined : false;
  const [length, version] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const fixed = postgresRequests.get(version);
  return fixed === undefined ? version >> 16 === 3 && length >= 9 && length <= POSTGRES_MAX : length === fixed;
}

function mayBePostgres(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes;
  const upper = bytes[4] ?? 0;
  return first === 0 && second === 0 && (upper === 0 || upper === 4);
}

/** MQTT 3.1 to 5: CONNECT, a length of one to four bytes, and the protocol's name. */
function mqtt(bytes: Buffer): Guess {
  if (bytes[0] !== 0x10) return bytes.length === 0 ? undefined : false;
  let at = 1;
  while (at < 5 && ((bytes[at] ?? 0) & 0x80) !== 0) at += 1;
  if (at >= 5) return false;
  return bytes.length <= at + 1 ? undefined : starts("\0\u0004MQTT", "\0\u0006MQIsdp")(bytes.subarray(at + 1));
}

/** TPKT and an X.224 connection request (ITU-T T.123 and X.224): remote desktop. */
function rdp(bytes: Buffer): Guess {
  const fits = [3, 0].every((value, at) => bytes[at] === undefined || bytes[at] === value);
  if (!fits || (bytes[5] !== undefined && bytes[5] !== 0xe0)) return false;
  return bytes[5] === undefined ? undefined : true;
}

/** A RESP array. Inline commands, which are plain lines of text, cannot be recognized. */
function redis(bytes: Buffer): Guess {
  const text = bytes.toString("latin1", 0, 16);
  if (/^\*[1-9]\d{0,6}\r\n\$/.test(text)) return true;
  return text === "" || /^\*([1-9]\d{0,6}(\r\n?)?)?$/.test(text) ? undefined : false;
}

/** The stream protocols that are recognized by the client's first bytes. */
export const protocols = {
  tls,
  http: starts(...methods.map((method) => `${method} `)),
  http2: starts("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  ssh: starts("SSH-"),
  socks4,
  socks5,
  postgres,
  redis,
  mqtt,
  amqp: starts("AMQP"),
  rdp,
  xmpp: starts("<?xml ", "<stream:stream"),
} as const satisfies Record<string, (bytes: Buffer) => Guess>;

export type Protocol = keyof typeof protocols;
export const protocolNames = Object.keys(protocols) as Protocol[];
