import { createHash } from "node:crypto";

/** The fixed text of RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Protocols that are never passed on: with HTTP/2 the client's requests would reach the upstream without passing the routes. */
const refused = /^(?:h2c?|http\/.*)$/i;
const protocol = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/;

/** Whether WebSocket is among the requested protocols. */
export function isWebSocket(upgrade = ""): boolean {
  return /(?:^|,)\s*websocket\s*(?:$|,)/i.test(upgrade);
}

/** The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. HTTP/1 has both fields, HTTP/2 neither (RFC 8441 section 5). */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** Whether a request for a change to this protocol is passed on, in Upgrade (HTTP/1) and in `:protocol` (HTTP/2, RFC 8441). */
export function isPassedOn(asked: string): boolean {
  return protocol.test(asked) && !refused.test(asked);
}
