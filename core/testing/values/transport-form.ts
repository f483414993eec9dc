import type { Transport } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";

/** Whether one read is one datagram, and a direction has no end. */
export function hasDatagrams(transport: Transport = "tcp"): boolean {
  return transportOf({ transport }).datagrams;
}

/** Addresses that are paths, in a folder. */
const paths: Partial<Record<Transport, (folder: string) => string>> = { unix: (folder) => `unix://${folder}/socket` };

/** An address of this machine to listen on that nobody else has. @param folder a folder of one's own */
export function freeListen(transport: Transport, folder: string): string {
  return paths[transport]?.(folder) ?? `${transport}://127.0.0.1:0`;
}
