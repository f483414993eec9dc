import type { EarlyUpstream, FirstBytes, Session } from "sluice";

/** The longest line: more than both protocols allow (RFC 5321 section 4.5.3.1, RFC 7162 section 4). */
const MAX_LINE = 8_192;
/** The longest answer of several lines. */
const MAX_ANSWER = 65_536;

/** What can be read: the client before its session is admitted, or the upstream. */
type Early = Pick<Session, "readFirst"> | EarlyUpstream;

/** A line from a client. */
export interface Line {
  /** The line with its line end. */
  readonly bytes: Buffer;
  /** The line without its line end. */
  readonly text: string;
}

/** Why there is no line: what came is no text (TLS, for example), it is too long, or the client has finished. */
export type NoLine = "other" | "long" | "left";

/** Reads a client's next line. `takes` returns how many bytes to remove from the client's data. */
export function readLine(client: Early, timeout: number, takes: (line: Line, all: Buffer) => number): Promise<Line | NoLine> {
  return client.readFirst<Line | NoLine>(
    (bytes, end) => {
      if (bytes.length === 0) return end === "end" ? { taken: 0, value: "left" } : undefined;
      if (!isText(bytes[0])) return { taken: 0, value: "other" };
      const at = bytes.indexOf("\n");
      if (at > MAX_LINE || (at < 0 && end === "size")) return { taken: 0, value: "long" };
      if (at < 0) return undefined;
      const line = { bytes: Buffer.from(bytes.subarray(0, at + 1)), text: bytes.toString("latin1", 0, at).replace(/\r$/, "") };
      return { taken: takes(line, bytes), value: line };
    },
    { max: MAX_LINE, timeout },
  );
}

/** Reads the lines of an upstream's answer, until `isLast` returns true. The data after it is not removed. */
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

/** The bytes of the lines, each with its line end. */
export function onTheWire(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1");
}

/** Whether a first byte is text: a command begins with a printable character, TLS with byte 22. */
function isText(byte: number | undefined): boolean {
  return byte === undefined || byte === 9 || byte === 10 || byte === 13 || byte >= 32;
}
