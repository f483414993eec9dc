import type { Address } from "../../contract/index.ts";

/**
 * Orders the addresses of a name for a race: the families alternate, beginning with the family of the first address. So a family that does not work
 * costs one delay in all, not one per address (RFC 8305 section 4).
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
