import type { EarlyUpstream, FirstBytes, Session } from "sluice";

/** Longer than a line of either protocol may be (RFC 5321 section 4.5.3.1, RFC 7162 section 4). */
const MAX_LINE = 8_192;
/** A whole answer, of many lines. */
const MAX_ANSWER = 65_536;

/** Who can be read: the client before its session is admitted, or the upstream. */
type Early = Pick<Session, "readFirst"> | EarlyUpstream;

/** A line of a client's, and whether it sent more in one go. */
export interface Line {
  /** With its line end. */
  readonly bytes: Buffer;
  /** Without. */
  readonly text: string;
}

/**
 * Reads a client's next line. It is left where it is unless `takes` says how many bytes to take off.
 *
 * @returns undefined where the client begins TLS, or sends no line of text
 */
export function readLine(client: Early, timeout: number, takes: (line: Line, all: Buffer) => number): Promise<Line | undefined> {
  return client.readFirst<Line | undefined>(
    (bytes, end) => {
      if (bytes.length > 0 && !isText(bytes[0])) return { taken: 0, value: undefined };
      const at = bytes.indexOf("\n");
      if (at < 0) return end === "size" ? { taken: 0, value: undefined } : undefined;
      const line = { bytes: Buffer.from(bytes.subarray(0, at + 1)), text: bytes.toString("latin1", 0, at).replace(/\r$/, "") };
      return { taken: takes(line, bytes), value: line };
    },
    { max: MAX_LINE, timeout },
  );
}

/** Reads an upstream's answer: lines, up to the one for which `isLast` holds. What follows it stays. */
export function readAnswer(upstream: Early, timeout: number, isLast: (line: string) => boolean): Promise<string[]> {
  return upstream.readFirst(
    (bytes): FirstBytes<string[]> | undefined => {
      const lines: string[] = [];
      for (let from = 0; ;) {
        const at = bytes.indexOf("\n", from);
        if (at < 0) return undefined;
        const line = bytes.toString("latin1", from, at).replace(/\r$/, "");
        lines.push(line);
        from = at + 1;
        if (isLast(line)) return { taken: from, value: lines };
      }
    },
    { max: MAX_ANSWER, timeout },
  );
}

/** As they go over the wire. */
export function onTheWire(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1");
}

/** A command begins with a letter, a digit or a sign, and TLS with byte 22. */
function isText(byte: number | undefined): boolean {
  return byte === undefined || byte === 9 || byte === 10 || byte === 13 || byte >= 32;
}
