import { SluiceError, type SluiceError as Failure } from "../../contract/index.ts";
import type { Outcome } from "../bench/bench-run.ts";
import { authorsLine } from "../values/authors-line.ts";
import { differenceOf } from "../values/difference.ts";

/** What was expected of a run. */
export interface Expected {
  readonly bytes: Buffer;
  /** Chunk by chunk, where borders matter. */
  readonly chunks?: readonly Buffer[] | undefined;
}

/**
 * Compares what came out with what was expected.
 *
 * @param wrong what a difference in the bytes means here; empty: it is looked for
 * @returns what is wrong, in words; undefined: nothing
 */
export function wrongWith(outcome: Outcome, expected: Expected, wrong: string): string | undefined {
  return wrongWithEnd(outcome) ?? wrongWithBytes(outcome, expected, wrong);
}

/** What is wrong with how a run ended, or with what it emitted, whatever the bytes. */
export function wrongWithEnd({ end, foreign, bytes, reused }: Outcome): string | undefined {
  if (end === "open")
    return `its output did not complete after its input had, so the end of the stream (FIN) does not pass, and a swap ends the session; ${bytes.length} bytes had come out`;
  if (end !== "fin") return `the session ended with ${end.code}: ${end.detail}${placeOf(end)}`;
  if (reused) return "it changed a chunk that it had passed on: nobody says that it was sent by then, so make a new Buffer each time";
  return foreign === undefined
    ? undefined
    : `it emitted ${foreign === "Uint8Array" ? "a Uint8Array" : foreign}, which is no Buffer: plugins behind it rely on one`;
}

function wrongWithBytes({ bytes, chunks }: Outcome, expected: Expected, wrong: string): string | undefined {
  const difference = differenceOf(expected.bytes, bytes);
  if (difference !== undefined) return `${wrong === "" ? lostOrChanged(expected.bytes, bytes) : wrong}\n${difference}`;
  if (expected.chunks === undefined) return undefined;
  if (sizes(chunks) === sizes(expected.chunks)) return undefined;
  return `the borders of its chunks differ: expected sizes of ${sizes(expected.chunks)}, got ${sizes(chunks)}`;
}

function lostOrChanged(expected: Buffer, got: Buffer): string {
  const shorter = expected.length - got.length;
  if (shorter > 0 && expected.subarray(0, got.length).equals(got))
    return `the last ${shorter} bytes are missing: what is held at the end of the input (FIN) must go out before the output completes`;
  return "its output is not what was expected";
}

/** Where the plugin's code failed. */
function placeOf({ cause }: Failure): string {
  const line = cause instanceof Error ? authorsLine(cause.stack) : "";
  return line === "" ? "" : ` ${line}`;
}

/** A failed case. */
export function failed(what: string, why: string): Failure {
  return new SluiceError("SLUICE_TEST_FAILED", `${what}: ${why}\n`);
}

const sizes = (list: readonly Buffer[]): string => `[${list.map(({ length }) => length).join(", ")}]`;
