import type { Address } from "../../contract/index.ts";

/**
 * Orders the addresses of a name for racing: the families take turns, beginning with that of the first address, so that a
 * family that does not work costs one delay and not one per address (RFC 8305 section 4).
 */
export function interleave(addresses: readonly Address[]): readonly Address[] {
  const lead = addresses[0]?.family;
  const leaders = addresses.filter(({ family }) => family === lead);
  const others = addresses.filter(({ family }) => family !== lead);
  if (others.length === 0) return addresses;
  const ordered: Address[] = [];
  for (let index = 0; index < Math.max(leaders.length, others.length); index += 1) {
    ordered.push(...leaders.slice(index, index + 1), ...others.slice(index, index + 1));
  }
  return ordered;
}
