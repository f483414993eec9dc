import { z } from "zod";
import type { SocketAddress } from "./address.ts";
import { networkOf } from "./network-of.ts";
import { NetworkTable } from "./network-table.ts";

/** A set of networks, and perhaps the clients of unix sockets. */
export class Networks {
  readonly #table = new NetworkTable<true>();

  /** @param texts checked by the schema {@link networks} */
  constructor(readonly texts: readonly string[]) {
    this.#table.add(texts, true);
  }

  /** Whether an address is in one of them; false for a text that is not an address. */
  has(client: Pick<SocketAddress, "address" | "family">): boolean {
    return this.#table.has(client);
  }
}

const expected = 'expected an address or a network such as "10.0.0.0/8", "::1" or "fd00::/8", or "unix" for the clients of unix sockets';

/** A zod schema for a list of networks: addresses, CIDR networks, and `"unix"`; its output tells whether an address is in one of them. */
export function networks({ mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {}): z.ZodType<Networks, readonly string[]> {
  const one = z.string({ error: expected }).refine((text) => text === "unix" || networkOf(text) !== undefined, { error: expected });
  return z
    .array(one, { error: 'expected a list of networks such as ["10.0.0.0/8"]' })
    .min(mayBeEmpty ? 0 : 1, { error: "expected at least one network" })
    .transform((texts) => new Networks(texts));
}
