import { createHash, hkdfSync, X509Certificate } from "node:crypto";
import type { Server } from "node:tls";
import type { ServerTlsOptions } from "../../../contract/index.ts";

/** Length of the keys that Node expects. */
export const TICKET_KEYS_BYTES = 48;

let current: Buffer | undefined;
const used = new WeakMap<Server, Buffer>();

/**
 * From now on session tickets are encrypted with keys that are derived from these, instead of keys that each server makes for itself. So a client can
 * resume its TLS session at every process with the same keys. A ticket made with other keys leads to a full handshake.
 */
export function useTicketKeys(keys: Uint8Array): void {
  current = Buffer.from(keys);
}

/**
 * Sets the keys that are in use now on a server.
 *
 * Who resumes a session is not authenticated again, and over TLS 1.3 Node takes even a client without a certificate for an authorized one. So servers
 * have the same keys only if they have the same name and trust the same clients (RFC 5077 section 5.7, CVE-2025-23419). A server of which that is not
 * known keeps its own.
 */
export function giveTicketKeys(server: Server, options: ServerTlsOptions): void {
  if (current === undefined || used.get(server) === current) return;
  used.set(server, current);
  const identity = identityOf(options);
  if (identity !== undefined) server.setTicketKeys(Buffer.from(hkdfSync("sha256", current, "", identity, TICKET_KEYS_BYTES)));
}

/** What the two sides of a connection know each other by: the names in the server's certificates, and how clients are verified. */
function identityOf({ cert, ca, crl, requestCert, rejectUnauthorized }: ServerTlsOptions): Buffer | undefined {
  if (cert === undefined) return undefined;
  // Not the certificates themselves: those that Sluice makes differ between processes.
  const names = [cert].flat().map((one) => {
    const { subject, subjectAltName } = new X509Certificate(one);
    return [subject, subjectAltName];
  });
  const trust = requestCert === true ? [rejectUnauthorized !== false, textsOf(ca), textsOf(crl)] : [];
  return createHash("sha256")
    .update(JSON.stringify([names, ...trust]))
    .digest();
}

function textsOf(pem: ServerTlsOptions["ca"]): readonly string[] {
  return [pem ?? []].flat().map(String);
}
