import type { Server } from "node:tls";

/** Length of the keys that Node expects. */
export const TICKET_KEYS_BYTES = 48;

let current: Buffer | undefined;
const used = new WeakMap<Server, Buffer>();

/**
 * From now on session tickets are encrypted with these keys, instead of keys that each server makes for itself. So a client can resume its TLS
 * session at every process with the same keys. A ticket made with other keys leads to a full handshake.
 */
export function useTicketKeys(keys: Uint8Array): void {
  current = Buffer.from(keys);
}

/** Sets the keys that are in use now on a server. */
export function giveTicketKeys(server: Server): void {
  if (current === undefined || used.get(server) === current) return;
  used.set(server, current);
  server.setTicketKeys(current);
}
