import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { families } from "./families.ts";
import type { Family, Sample } from "./family.ts";

/** A metric with its series as they are now. */
export interface Measured extends Omit<Family, "read"> {
  readonly values: readonly Sample[];
}

/** Reads all metrics of a proxy. */
export function measure(proxy: Proxy): readonly Measured[] {
  return families(proxy).map((family) => {
    const { name, type, help, labels, among } = family;
    return { name, type, help, labels, among, values: Array.from(family.read(proxy)) };
  });
}
