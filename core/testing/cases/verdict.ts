import { SluiceError, type SluiceError as Failure } from "../../contract/index.ts";
import type { Outcome } from "../bench/running-session.ts";
import { authorsLine } from "../values/authors-line.ts";
import { differenceOf } from "../values/difference.ts";

/** The expected result of a run. */
export interface Expected {
  readonly bytes: Buffer;
  /** The expected chunks, when borders matter. */
  readonly chunks?: readonly Buffer[] | undefined;
}

/**
 * Compares a result with the expected one.
 *
 * @param wrong the meaning of a difference in the bytes; empty when it is found from the bytes
 * @returns a description of what is wrong; undefined when nothing is
 */
export function wrongWith(outcome: Outcome, expected: Expected, wrong: string): string | undefined {
  const wrongEnd = wrongWithEnd(outcome);
  // A fault of the plugin in this variant alone: what the variant is for says why.
  if (wrongEnd !== undefined && wrong !== "" && typeof outcome.end !== "string" && !isAnswer(outcome)) return `${wrongEnd} (${wrong})`;
  return wrongEnd ?? wrongWithBytes(outcome, expected, wrong);
}

/** What is wrong with the end of a run or with the emitted values, apart from the bytes. */
export function wrongWithEnd({ end, foreign, bytes, reused, changed, fault }: Outcome): string | undefined {
  if (end === "open")
    return `its output did not complete after its input had, so the end of the stream (FIN) does not pass, and a swap ends the session; ${bytes.length} bytes had come out (if it waits, let it wait by CLOCK, whose time passes at once here)`;
  if (end !== "fin") return `the session ended with ${end.code}: ${end.detail}${placeOf(end)}`;
  if (fault !== undefined) return `it failed, and the session went on without what failed: ${fault.code}: ${fault.detail}${placeOf(fault)}`;
  if (reused) return "it changed a chunk after passing it on: the chunk may not have been sent yet, so make a new Buffer each time";
  if (changed)
    return "it changed the bytes of a chunk that it was given: others may have the chunk too, such as a capture, so change a copy";
  return foreign === undefined
    ? undefined
    : `it emitted ${foreign === "Uint8Array" ? "a Uint8Array" : foreign}, which is not a Buffer: later plugins rely on one`;
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

/** The line of the plugin's code that failed. */
function placeOf({ cause }: Failure): string {
  const line = cause instanceof Error ? authorsLine(cause.stack) : "";
  return line === "" ? "" : ` ${line}`;
}

/** The codes of faults in a plugin; any other code is its intended answer to the input. */
const faults: readonly string[] = ["SLUICE_PLUGIN_FAILED", "SLUICE_PLUGIN_CHUNK", "SLUICE_SWAP_TIMEOUT"];

/** Whether the plugin ended the session on purpose. */
export function isAnswer({ end }: Outcome): boolean {
  return typeof end !== "string" && !faults.includes(end.code);
}

/** How a run ended, in one word. The text of an error may have the client's address, and each session has its own. */
export function codeOf({ end }: Outcome): string {
  return typeof end === "string" ? end : end.code;
}

/** The error of a failed case. */
export function failed(what: string, why: string): Failure {
  return new SluiceError("SLUICE_TEST_FAILED", `${what}: ${why}\n`);
}

const sizes = (list: readonly Buffer[]): string => `[${list.map(({ length }) => length).join(", ")}]`;
