import { isUtf8 } from "node:buffer";
import { stringify } from "yaml";
import type { Entry } from "./recording.ts";

/** What a file begins with. */
export function headOf(transport: "tcp" | "udp", upstream: string): string {
  return `${stringify({ sluice: "recording/1", transport, upstream })}exchange:\n`;
}

/** The entries of one session, as they stand under `exchange`. */
export function entriesOf(entries: readonly Entry[], session: number): string {
  if (entries.length === 0) return "";
  const items = entries.map((entry) => {
    const place = session === 1 ? {} : { session };
    const at = `${Math.round(entry.at * 10) / 10}ms`;
    if ("close" in entry) return { ...place, close: entry.close, at, how: entry.how };
    return { ...place, from: entry.from, at, ...shown(entry.bytes) };
  });
  return stringify(items, { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", blockQuote: false });
}

/** Text where it can be read, else hex. */
function shown(bytes: Buffer): object {
  // oxlint-disable-next-line no-control-regex -- what an editor cannot show
  if (isUtf8(bytes) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(String(bytes))) return { text: String(bytes) };
  return { hex: bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ") };
}
