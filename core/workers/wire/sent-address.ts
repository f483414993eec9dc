import { socketAddress, type SocketAddress } from "../../contract/index.ts";
import type { Addresses } from "./calls.ts";

/** An address from another process, with its methods again, which are not sent. */
export function addressOf({ address, port, family }: SocketAddress): SocketAddress {
  return socketAddress(address, port, family);
}

/** The same for several addresses. */
export function addressesOf(sent: Addresses): Addresses {
  return new Map(Array.from(sent, ([name, address]) => [name, addressOf(address)]));
}
