import { compilePattern, type CompiledPattern } from "./compiled-pattern.ts";
import { replacementText, type Replacement } from "./replacement.ts";

/** The text of one stream that is not decided yet: latin1, one character per byte. */
export interface UndecidedText {
  /** The text in front of it that was passed on already: a regular expression may look behind. */
  readonly behind: string;
  readonly text: string;
}

/** The result for some text. */
export interface Replaced {
  readonly out: string;
  readonly left: UndecidedText;
}

/** Replaces the matches of a regular expression in text that comes in pieces. */
export class PatternReplacer {
  readonly #pattern: CompiledPattern;
  readonly #behind: number;

  /** @throws SyntaxError for an expression that cannot be matched across chunks, or that matches without a byte */
  constructor(
    pattern: RegExp,
    private readonly replacement: Replacement,
    private readonly max: number,
  ) {
    this.#pattern = compilePattern(pattern);
    this.#behind = this.#pattern.looksBehind ? max : 1;
  }

  /** @param isLast nothing follows */
  run({ behind, text }: UndecidedText, isLast: boolean): Replaced {
    const all = behind + text;
    const start = behind.length;
    let out = "";
    /** Up to `at` all is decided; up to `kept` it is in `out`. */
    let at = start;
    let kept = start;
    while (at < all.length) {
      const found = this.#next(all, at, isLast);
      if (found === undefined) at = all.length;
      else if (found.isOpen && all.length - found.index < this.max) {
        at = found.index;
        break;
      } else {
        const match = this.#within(all, found.index);
        at = found.index + (match === undefined ? 1 : match[0].length);
        if (match === undefined) continue;
        out += all.slice(kept, found.index) + replacementText(this.replacement, match);
        kept = at;
      }
    }
    return { out: out + all.slice(kept, at), left: { behind: all.slice(Math.max(0, at - this.#behind), at), text: all.slice(at) } };
  }

  #next(all: string, at: number, isLast: boolean): { readonly index: number; readonly isOpen: boolean } | undefined {
    const search = isLast ? this.#pattern.searchLast : this.#pattern.search;
    search.lastIndex = at;
    const found = search.exec(all);
    if (found === null || found.index === all.length) return undefined;
    return { index: found.index, isOpen: !isLast && found[1] !== undefined };
  }

  /** The match that begins here, in at most `max` bytes. */
  #within(all: string, index: number): RegExpExecArray | undefined {
    const whole = all.length - index > this.max ? all.slice(0, index + this.max) : all;
    const { match } = this.#pattern;
    match.lastIndex = index;
    return match.exec(whole) ?? undefined;
  }
}
