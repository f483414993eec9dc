/** A request line, as far as it is needed to tell HTTP/1 from other protocols (RFC 9112 section 3). */
const REQUEST_LINE = /^[A-Z]{3,10} [\x21-\x7e]{1,8192} HTTP\/1\.[01]\r?\n/;
const BODY = "This port expects TLS, but the request came without it. Use https:// instead.\n";

/** For a client that speaks HTTP where TLS is expected, as nginx and Go answer it: without an answer it could not know why it is refused. */
export const tlsExpected: Buffer = Buffer.from(
  `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`,
);

/** Whether a client begins with a request of HTTP/1, without TLS. */
export function isPlainHttp(bytes: Buffer): boolean {
  return REQUEST_LINE.test(bytes.toString("latin1"));
}
