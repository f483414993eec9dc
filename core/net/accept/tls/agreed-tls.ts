import type { TLSSocket } from "node:tls";
import type { SessionTls } from "../../../contract/index.ts";

/** The result of a handshake, and what the client offered if its ClientHello was read for it. */
export type AgreedTls = Partial<SessionTls>;

/** What a handshake has agreed on. */
export function agreedBy(secured: TLSSocket): AgreedTls {
  return {
    version: secured.getProtocol() ?? "",
    cipher: secured.getCipher().name,
    resumed: secured.isSessionReused(),
    ...serverNameOf(secured),
    ...(typeof secured.alpnProtocol === "string" ? { protocol: secured.alpnProtocol } : {}),
    ...clientCertificateOf(secured),
  };
}

/** The server name in the same form as the ClientHello's reader returns it. */
function serverNameOf({ servername }: TLSSocket): Pick<AgreedTls, "serverName"> {
  return typeof servername === "string" ? { serverName: servername.toLowerCase().replace(/\.$/, "") } : {};
}

function clientCertificateOf(secured: TLSSocket): Pick<AgreedTls, "clientCertificate" | "clientCertificateError"> {
  const reason: unknown = secured.authorizationError;
  if (!secured.authorized && typeof reason !== "string") return {};
  const certificate = secured.getPeerCertificate();
  // If the client showed no certificate at all, Node has a reason, or, if it resumed a session over TLS 1.3, takes it for authorized.
  if (Object.keys(certificate).length === 0) return {};
  return secured.authorized ? { clientCertificate: certificate } : { clientCertificateError: String(reason) };
}
