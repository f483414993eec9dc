import type { FirstBytes } from "sluice";
import type { Conversation } from "./conversation.ts";

/** PostgreSQL, "Message Formats": a length of 8, and a number instead of a version. */
const SSL_REQUEST = Buffer.from("0000000804d2162f", "hex");
const GSSENC_REQUEST = Buffer.from("0000000804d21630", "hex");

/** The beginning of a CancelRequest of 16 bytes: what follows names the query. */
const CANCEL_REQUEST = Buffer.from("0000001004d2162e", "hex");

/** The first byte of a record of TLS (RFC 8446 section 5.1). */
const TLS = 22;

type Request = "ssl" | "gss" | "cancel" | "tls" | "plain";

/** What a server answers that requires TLS: an ErrorResponse (PostgreSQL, "Message Formats"). */
const REFUSAL = errorResponse({ S: "FATAL", V: "FATAL", C: "28000", M: "the connection must begin TLS (sslmode=require)" });

/**
 * PostgreSQL: an SSLRequest is answered with S, and a request for encryption by GSSAPI with N (no). TLS that begins at once (sslnegotiation=direct)
 * is not touched. An unencrypted start-up packet is passed on where TLS is optional, and refused otherwise. A CancelRequest passes without TLS: up to
 * version 16, libpq sends none other, and a server that requires TLS accepts it too.
 */
export const postgres: Conversation = async (session, timeout) => {
  // A client asks once for each kind of encryption.
  for (let count = 0; count < 2; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one request after the other
    const request = await session.readFirst(readRequest, { timeout });
    if (request === "ssl") session.reply(Buffer.from("S"));
    if (request === "gss") session.reply(Buffer.from("N"));
    if (request === "cancel") session.notes.set("startTls", "plain");
    if (request === "plain" && session.allowsPlain !== true) {
      session.reply(REFUSAL);
      return "refused";
    }
    if (request !== "gss") return "continues";
  }
  return "continues";
};

function readRequest(bytes: Buffer): FirstBytes<Request> | undefined {
  const length = Math.min(bytes.length, 8);
  const begun = [SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST].filter((each) => each.compare(bytes, 0, length, 0, length) === 0);
  if (begun.length === 0) return { taken: 0, value: bytes[0] === TLS ? "tls" : "plain" };
  if (length < 8) return undefined;
  if (begun[0] === CANCEL_REQUEST) return { taken: 0, value: "cancel" };
  // Drops the bytes after SSLRequest: they were not encrypted, and must not be treated as if they were (CVE-2021-23214).
  return begun[0] === SSL_REQUEST ? { taken: bytes.length, value: "ssl" } : { taken: 8, value: "gss" };
}

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([type, value]) => `${type}${value}\0`)
      .join("")}\0`,
  );
  const head = Buffer.alloc(5, "E");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
