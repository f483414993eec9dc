import type { Server } from "node:tls";

/** Bytes that Node wants. */
export const TICKET_KEYS_BYTES = 48;

let current: Buffer | undefined;
const used = new WeakMap<Server, Buffer>();

/**
 * Session tickets are encrypted with these from now on, instead of keys that each server has made for itself: so a client resumes its TLS session
 * at any process that has the same. Tickets of other keys mean a full handshake.
 */
export function useTicketKeys(keys: Uint8Array): void {
  current = Buffer.from(keys);
}

/** Gives a server the keys that are in use now. */
export function giveTicketKeys(server: Server): void {
  if (current === undefined || used.get(server) === current) return;
  used.set(server, current);
  server.setTicketKeys(current);
}
