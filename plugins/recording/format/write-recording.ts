import { isUtf8 } from "node:buffer";
import { Scalar, stringify } from "yaml";
import type { Entry } from "./recording.ts";

/** The beginning of a file. @param redacted names whose values are not recorded, in addition to those that never are */
export function headOf(transport: "tcp" | "udp", upstream: string, redacted: readonly string[]): string {
  const names = redacted.length === 0 ? {} : { redacted };
  return `${stringify({ sluice: "recording/1", transport, upstream, ...names })}exchange:\n`;
}

/** The text of one session's entries, for the list `exchange`. @param session its name @param indent number of spaces */
export function entriesOf(entries: readonly Entry[], session: number | string, indent = 0): string {
  if (entries.length === 0) return "";
  const items = entries.map((entry) => {
    const place = session === 1 ? {} : { session };
    const at = `${Math.round(entry.at * 10) / 10}ms`;
    if ("close" in entry) return { ...place, close: entry.close, at, how: entry.how };
    return { ...place, from: entry.from, at, ...shown(entry.bytes) };
  });
  const text = stringify(items, { lineWidth: 0, blockQuote: false });
  return indent === 0 ? text : text.replaceAll(/^(?=.)/gm, " ".repeat(indent));
}

/** Readable bytes as text, others as hex. In quotes, so that YAML reads them as text. */
function shown(bytes: Buffer): object {
  // oxlint-disable-next-line no-control-regex -- characters that an editor cannot show
  if (isUtf8(bytes) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(String(bytes))) return { text: quoted(String(bytes)) };
  return { hex: quoted(bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ")) };
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = "QUOTE_DOUBLE";
  return scalar;
}
