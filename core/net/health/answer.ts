import type { HealthProbe } from "../../contract/index.ts";
import type { ProbeTls } from "../dial/dialer.ts";

/** Bytes of an answer that are looked at. */
export const MOST_READ = 64 * 1024;
/** The most bytes up to the end of the status line, including the interim responses before it. */
const LONGEST_BEGINNING = 8 * 1024;

/** What a check sends when it is connected, and how it judges the answer. */
export interface Answer {
  readonly request: Buffer | undefined;
  /**
   * @param read all bytes that came
   * @param isAll whether this is everything: nothing more comes
   * @returns true: the answer is right; a text: what is wrong; undefined: more has to come
   */
  judge(read: Buffer, isAll: boolean): true | string | undefined;
}

/** How a check connects, and the answer that it waits for; undefined: a connection is enough. */
interface Check {
  readonly tls: ProbeTls;
  readonly answer: Answer | undefined;
}

/** The checks for which a connection is enough. */
const connections: Readonly<Record<Extract<HealthProbe, string>, Check>> = {
  tcp: { tls: "never", answer: undefined },
  tls: { tls: "always", answer: undefined },
};

/** @param host of the endpoint, for HTTP */
export function checkOf(probe: HealthProbe, host: string): Check {
  if (typeof probe === "string") return connections[probe];
  return { tls: "like sessions", answer: "http" in probe ? httpAnswer(probe, host) : textAnswer(probe) };
}

function httpAnswer({ http, status }: Extract<HealthProbe, { readonly http: string }>, host: string): Answer {
  const head = ["GET", http, "HTTP/1.1"].join(" ");
  const fields = [`Host: ${host}`, "User-Agent: sluice-health", "Accept: */*", "Connection: close"];
  return {
    request: Buffer.from(`${[head, ...fields].join("\r\n")}\r\n\r\n`, "latin1"),
    judge(read, isAll) {
      const text = read.toString("latin1", 0, LONGEST_BEGINNING);
      const final = text.slice(interimLength(text));
      const mayFollow = !isAll && text.length < LONGEST_BEGINNING;
      const end = final.indexOf("\n");
      if (end < 0 && mayFollow) return undefined;
      const [, digits = ""] = /^HTTP\/1\.\d (\d{3})(?: |$)/.exec(final.slice(0, Math.max(0, end)).trimEnd()) ?? [];
      if (digits === "") return "its answer is not HTTP";
      if (isInterim(digits)) return mayFollow ? undefined : `it answered ${digits}, and nothing after it`;
      return judgeStatus(Number(digits), status === undefined ? undefined : [status].flat());
    },
  };
}

/** The length of the complete interim responses at the beginning: they precede the answer (RFC 9110 section 15.2). */
function interimLength(text: string): number {
  let length = 0;
  for (const [head, digits = ""] of text.matchAll(/HTTP\/1\.\d (\d{3})[^]*?\n\r?\n/gy)) {
    if (!isInterim(digits)) break;
    length += head.length;
  }
  return length;
}

/** After 101 there is no HTTP any more. */
function isInterim(digits: string): boolean {
  return digits.startsWith("1") && digits !== "101";
}

function judgeStatus(got: number, wanted: readonly number[] | undefined): true | string {
  if (wanted === undefined ? got >= 200 && got < 400 : wanted.includes(got)) return true;
  return `it answered ${got}, expected ${wanted === undefined ? "200 to 399" : wanted.join(" or ")}`;
}

function textAnswer({ send, expect }: Extract<HealthProbe, { readonly expect: unknown }>): Answer {
  return {
    request: send === undefined ? undefined : Buffer.from(send as string),
    judge(read, isAll) {
      if (contains(read, expect)) return true;
      if (!isAll && read.length < MOST_READ) return undefined;
      return `its answer of ${read.length} bytes does not contain what was expected`;
    },
  };
}

function contains(read: Buffer, expected: string | Uint8Array | RegExp): boolean {
  // Not `test`: with the flag g or y it would start behind the last match.
  return expected instanceof RegExp ? read.toString("utf8").search(expected) >= 0 : read.includes(Buffer.from(expected as string));
}
