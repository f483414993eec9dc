/** A field that most messages have. */
export interface KnownField {
  /** In lower case. */
  readonly name: string;
  /** With the usual capitals. A name that was received is replaced by this text: comparing a text with itself needs no look at its characters. */
  readonly usual: string;
  /** A field of one connection, which is not passed on (RFC 9110 section 7.6.1). Proxy-* fields are between the client and this proxy. */
  readonly isHopByHop: boolean;
}

const hopByHop = [
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "TE",
  "Transfer-Encoding",
  "Upgrade",
  "HTTP2-Settings",
];

const endToEnd = [
  ..."Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers".split(
    " ",
  ),
  ..."Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age".split(" "),
  ..."Access-Control-Request-Headers Access-Control-Request-Method Age Allow Alt-Svc Authorization Cache-Control Content-Disposition".split(
    " ",
  ),
  ..."Content-Encoding Content-Language Content-Length Content-Location Content-Range Content-Security-Policy Content-Type Cookie Date".split(
    " ",
  ),
  ..."DNT ETag Expect Expires Forwarded From Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since".split(" "),
  ..."Last-Modified Link Location Max-Forwards Origin Pragma Priority Range Referer Referrer-Policy Retry-After Sec-Fetch-Dest".split(" "),
  ..."Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key".split(" "),
  ..."Sec-WebSocket-Protocol Sec-WebSocket-Version Server Set-Cookie Strict-Transport-Security Traceparent Tracestate Trailer".split(" "),
  ..."Upgrade-Insecure-Requests User-Agent Vary Via WWW-Authenticate X-Content-Type-Options X-Forwarded-For X-Forwarded-Host".split(" "),
  ..."X-Forwarded-Port X-Forwarded-Prefix X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-IP X-Request-ID X-Requested-With".split(
    " ",
  ),
];

/** Fields that most messages have, by name: in lower case, and with the usual capitals. One look-up replaces the checks of the name. */
export const knownFields: ReadonlyMap<string, KnownField> = new Map([...entriesOf(hopByHop, true), ...entriesOf(endToEnd, false)]);

function entriesOf(names: readonly string[], isOfConnection: boolean): [string, KnownField][] {
  return names.flatMap((given): [string, KnownField][] => {
    const field: KnownField = { name: given.toLowerCase(), usual: given, isHopByHop: isOfConnection };
    return [
      [given, field],
      [field.name, field],
    ];
  });
}

/** The name and the spelling of a field that most messages do not have. */
export function otherName(given: string): Omit<KnownField, "isHopByHop"> {
  return { name: given.toLowerCase(), usual: given };
}

/** A field that most messages have, by its name in whatever spelling. */
export function knownField(name: string): KnownField | undefined {
  return knownFields.get(name) ?? knownFields.get(name.toLowerCase());
}

/** Whether a field is one of the connection, in whatever spelling. */
export function isHopByHop(name: string): boolean {
  return knownField(name)?.isHopByHop === true;
}
