import type { ShownCertificate } from "../../contract/index.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";
import { several } from "./each-listener.ts";
import type { Family } from "./family.ts";

/** What there is once per name of a certificate. */
export const certificateFamilies: readonly Family[] = [
  {
    name: "sluice_tls_certificate_not_after_timestamp_seconds",
    type: "gauge",
    among: "min",
    help: "When the certificate that clients are shown for a name expires, in seconds since the epoch: the first of several.",
    labels: ["listener", "name"],
    read: (proxy) =>
      several(proxy, ({ version }) =>
        Array.from(expiries(version.pipeline.pipeline.plugins), ([name, notAfter]) => ({ value: notAfter / 1000, labels: { name } })),
      ),
  },
];

/** By name, in milliseconds. */
function expiries(plugins: readonly LivePlugin[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { name, notAfter } of plugins.flatMap(shown)) ends.set(name, Math.min(ends.get(name) ?? Infinity, notAfter));
  return ends;
}

/** A plugin that throws here has no certificates: what is measured must not depend on it. */
function shown({ plugin }: LivePlugin): readonly ShownCertificate[] {
  try {
    return plugin.certificates?.() ?? [];
  } catch {
    return [];
  }
}
