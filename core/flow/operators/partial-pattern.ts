/** One piece of a regular expression, with an expression that tells where more bytes could change whether and how the piece matches. */
interface Piece {
  /** The piece itself, without capturing groups. */
  readonly plain: string;
  /** Matches where this piece is reached and runs into the end of the text so far; undefined: it never looks ahead. */
  readonly open: string | undefined;
  /** The least number of bytes that it matches. */
  readonly least: number;
}

/** What {@link readPattern} finds. */
export interface PartialPattern extends Piece {
  /** Whether it looks behind by more than a byte. */
  readonly looksBehind: boolean;
}

const END = "(?![^])";

/**
 * Parses the source of a regular expression, for a text that may continue: `/ab+/` is open wherever the text ends with `a`, or with `a` and any
 * number of `b`. JavaScript's own regular expressions do not tell this (there is no `hitEnd` as in Java).
 *
 * @param source of a regular expression that `RegExp` has accepted, without the flag `v`
 * @throws SyntaxError for what cannot be handled: a backreference, or a character that is not a byte
 */
export function readPattern(source: string): PartialPattern {
  const reader = new PatternReader(source);
  return { ...reader.disjunction(), looksBehind: reader.looksBehind };
}

class PatternReader {
  looksBehind = false;
  #at = 0;

  constructor(private readonly source: string) {}

  /** Reads up to the end, or up to the `)` of the group. */
  disjunction(): Piece {
    const alternatives = [this.#alternative()];
    while (this.#take("|")) alternatives.push(this.#alternative());
    return {
      plain: alternatives.map(({ plain }) => plain).join("|"),
      open: anyOf(alternatives.map(({ open }) => open)),
      least: Math.min(...alternatives.map(({ least }) => least)),
    };
  }

  #alternative(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.source.length && !this.#sees("|") && !this.#sees(")")) pieces.push(this.#term());
    let open: string | undefined;
    // From the last piece to the first: open in this piece, or past it and open in a later one.
    for (const piece of pieces.toReversed()) open = anyOf([piece.open, open === undefined ? undefined : `${piece.plain}${open}`]);
    return { plain: pieces.map(({ plain }) => plain).join(""), open, least: pieces.reduce((sum, { least }) => sum + least, 0) };
  }

  #term(): Piece {
    if (this.#take("^")) return { plain: "^", open: undefined, least: 0 };
    if (this.#take("$")) return { plain: "$", open: END, least: 0 };
    const border = this.#match(/\\[bB]/y);
    if (border !== undefined) return { plain: border, open: END, least: 0 };
    return this.#sees("(") ? this.#group() : this.#repeated(this.#atom());
  }

  #group(): Piece {
    const head = this.#match(/\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/y) ?? "(";
    if (head.startsWith("(?<=") || head.startsWith("(?<!")) this.looksBehind = true;
    const inner = this.disjunction();
    this.#at += 1;
    if (/^\(\?<[=!]/.test(head)) return { plain: `${head}${inner.plain})`, open: undefined, least: 0 };
    if (/^\(\?[=!]/.test(head))
      return this.#repeated({
        plain: `${head}${inner.plain})`,
        open: inner.open === undefined ? undefined : `(?=${inner.open})`,
        least: 0,
      });
    // The number or the name of a group has no effect here, since backreferences are refused.
    const opening = /^\(\?[a-z-]*:/.test(head) ? head : "(?:";
    const open = inner.open === undefined ? undefined : `${opening}${inner.open})`;
    return this.#repeated({ plain: `${opening}${inner.plain})`, open, least: inner.least });
  }

  #atom(): Piece {
    const raw =
      this.#match(/\[(?:\\[^]|[^\]\\])*\]|\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|u\{[\da-fA-F]+\}|c[a-zA-Z]|[pP]\{[^}]*\}|[^])|[^]/y) ?? "";
    if (/^\\(?:[1-9]|k)/.test(raw)) throw new SyntaxError(`${raw} refers to a group: that cannot be matched across chunks`);
    // oxlint-disable-next-line no-control-regex -- everything outside ASCII
    if (/[^\u0000-\u007f]/.test(raw))
      throw new SyntaxError(`${raw} is no byte: write bytes as \\xE9, or give a text instead of an expression`);
    const wide = [...raw.matchAll(/(?<!\\)(?:\\\\)*\\u\{?([\da-f]+)/gi)].find(([, digits = ""]) => Number.parseInt(digits, 16) > 0xff);
    if (wide !== undefined) throw new SyntaxError(`${raw} is no byte: write bytes as \\xE9, or give a text instead of an expression`);
    return { plain: raw, open: END, least: 1 };
  }

  /** The piece, repeated as the quantifier after it says. */
  #repeated({ plain, open, least }: Piece): Piece {
    const quantifier = this.#match(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y);
    if (quantifier === undefined) return { plain, open, least };
    const [from, to] = rangeOf(quantifier);
    const before = to === Infinity ? "*" : `{0,${to - 1}}`;
    return {
      plain: plain + quantifier,
      open: open === undefined || to === 0 ? undefined : `(?:${plain}${before}${open})`,
      least: from * least,
    };
  }

  #sees(text: string): boolean {
    return this.source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** @param what a sticky expression */
  #match(what: RegExp): string | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

function anyOf(open: readonly (string | undefined)[]): string | undefined {
  const some = open.filter((each) => each !== undefined);
  return some.length === 0 ? undefined : `(?:${some.join("|")})`;
}

function rangeOf(quantifier: string): readonly [from: number, to: number] {
  const [first] = quantifier;
  if (first === "*") return [0, Infinity];
  if (first === "+") return [1, Infinity];
  if (first === "?") return [0, 1];
  const [, from = "0", comma, to] = /^\{(\d+)(,)?(\d*)\}/.exec(quantifier) ?? [];
  return [Number(from), comma === undefined ? Number(from) : to === "" ? Infinity : Number(to)];
}
