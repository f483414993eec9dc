import type { MonoTypeOperatorFunction } from "rxjs";
import { reasonOf, type Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import { carry } from "./carry.ts";
import type { DatagramCarry } from "./carry-definition.ts";
import { LiteralReplacer } from "./replace-literal.ts";
import { PatternReplacer, type UndecidedText } from "./replace-pattern.ts";
import type { Replacement } from "./replacement.ts";

/** Options of {@link replaceBytes}. */
export interface ReplaceBytesOptions {
  /**
   * For a regular expression: the most bytes of a match, with everything that it looks at. At most this many bytes are held, and longer matches
   * are replaced in pieces. A byte that belongs to no match may be looked at this many times: keep it small. Bytes, or a text such as `"1KiB"`.
   * @default "4KiB"
   */
  readonly max?: Size;
}

/** What replaces a match: bytes, a text (UTF-8), or a function that is given the match and its groups. */
export type BytesReplacement =
  | string
  | Uint8Array
  /** One character is one byte (latin1), in its arguments and in a text that it returns. */
  | ((match: string, ...groups: (string | undefined)[]) => string | Uint8Array);

/**
 * Replaces every match of a pattern, wherever chunks are cut, and across reloads: only bytes that may be the beginning of a match wait for the
 * next chunk. At the end of the stream they are decided. On UDP each datagram is handled by itself.
 *
 * A regular expression sees bytes as latin1, one character per byte: `\d` and `[a-z]` work as usual; write bytes outside ASCII as `\xE9`. `^` is
 * the beginning of the stream, `$` its end (with the flag `m` those of a line). A replacement text may have `$1 $& $<name>`.
 *
 * @param pattern a text (UTF-8) or bytes, or a regular expression without backreferences; flags `i m s u`, and `g`, which changes nothing
 * @throws SLUICE_PLUGIN_ARGUMENT for a pattern that matches without a byte or cannot be matched across chunks, or an invalid `max`
 * @example data.pipe(replaceBytes(/\d{12,}/, (number) => "*".repeat(number.length), { max: 1024 }))
 */
export function replaceBytes(
  pattern: string | Uint8Array | RegExp,
  replacement: BytesReplacement,
  options: ReplaceBytesOptions = {},
): MonoTypeOperatorFunction<Buffer> {
  checkOptions("replaceBytes", options, ["max"] satisfies (keyof ReplaceBytesOptions)[]);
  const max = checkMax("replaceBytes", options.max ?? "4KiB");
  if (pattern instanceof RegExp) return carry(byPattern(pattern, replacementOf(replacement, "template"), max));
  if (typeof pattern !== "string" && !(pattern instanceof Uint8Array))
    throw wrongArgument("replaceBytes", "the pattern must be a text, bytes or a regular expression");
  if (pattern.length === 0) throw wrongArgument("replaceBytes", "the pattern is empty");
  return carry(byLiteral(Buffer.from(pattern as string), replacementOf(replacement, "text")));
}

/** The text that is not decided yet, and whether the author's function threw: then it is not called again. */
interface Held {
  undecided: UndecidedText;
  failed?: boolean;
}

const bytesOf = (text: string): Buffer | null => (text === "" ? null : Buffer.from(text, "latin1"));

function byPattern(pattern: RegExp, replacement: Replacement, max: number): DatagramCarry<Held> {
  const replacer = patternReplacer(pattern, replacement, max);
  return {
    start: () => ({ undecided: { behind: "", text: "" } }),
    step: (state, chunk) => {
      const { behind, text } = state.undecided;
      const given = chunk.toString("latin1");
      const { out, left } = failing(state, () => replacer.run({ behind, text: text + given }, false));
      state.undecided = left;
      return text === "" && left.text === "" && out === given ? chunk : bytesOf(out);
    },
    end: ({ undecided, failed }) => bytesOf(failed === true ? undecided.text : replacer.run(undecided, true).out),
    datagram: (chunk) => bytesOf(replacer.run({ behind: "", text: chunk.toString("latin1") }, true).out) ?? Buffer.alloc(0),
    revive,
  };
}

function byLiteral(wanted: Buffer, replacement: Replacement): DatagramCarry<Held> {
  const replacer = new LiteralReplacer(wanted, replacement);
  return {
    start: () => ({ undecided: { behind: "", text: "" } }),
    step: (state, chunk) => {
      const { text } = state.undecided;
      const bytes = text === "" ? chunk : Buffer.concat([Buffer.from(text, "latin1"), chunk]);
      const { out, left } = failing(state, () => replacer.run(bytes, false));
      state.undecided = { behind: bytes.toString("latin1", Math.max(0, left - 1), left), text: bytes.toString("latin1", left) };
      return out;
    },
    end: ({ undecided }) => bytesOf(undecided.text),
    datagram: (chunk) => replacer.run(chunk, true).out ?? Buffer.alloc(0),
    revive,
  };
}

/** Text that another pattern left undecided is looked at again. */
function revive(previous: unknown): Held {
  const { behind, text } = (previous as Held).undecided;
  if (typeof behind !== "string" || typeof text !== "string") throw new TypeError("the state is not one of replaceBytes()");
  return { undecided: { behind, text } };
}

function failing<T>(state: Held, work: () => T): T {
  try {
    return work();
  } catch (error) {
    state.failed = true;
    throw error;
  }
}

function patternReplacer(pattern: RegExp, replacement: Replacement, max: number): PatternReplacer {
  try {
    return new PatternReplacer(pattern, replacement, max);
  } catch (error) {
    throw wrongArgument("replaceBytes", `${String(pattern)}: ${reasonOf(error)}`);
  }
}

function replacementOf(given: BytesReplacement, type: "template" | "text"): Replacement {
  if (typeof given === "function") return { type: "function", run: given };
  if (typeof given === "string") return { type, text: Buffer.from(given).toString("latin1") };
  if (given instanceof Uint8Array) return { type: "text", text: Buffer.from(given).toString("latin1") };
  throw wrongArgument("replaceBytes", "the replacement must be a text, bytes or a function");
}
