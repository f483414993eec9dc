import { readPattern } from "./partial-pattern.ts";

/** A regular expression, made ready for text that comes in pieces. They are shared: whoever uses one sets its `lastIndex` first. */
export interface CompiledPattern {
  /** Finds the first place with a possible match: group 1 is set if more text could change it, else it is a match. */
  readonly search: RegExp;
  /** The same when nothing follows. */
  readonly searchLast: RegExp;
  /** Matches at a place that was found. */
  readonly match: RegExp;
  /** Whether it looks behind by more than a byte. */
  readonly looksBehind: boolean;
}

/** Patterns that are kept: a hook gives the same one for each session. One that is made of a session's data does not stay for long. */
const MOST = 64;

const known = new Map<string, CompiledPattern>();

/** @throws SyntaxError for an expression that cannot be matched across chunks, or that matches without a byte */
export function compilePattern({ source, flags }: RegExp): CompiledPattern {
  const key = `${flags}/${source}`;
  const compiled = known.get(key) ?? compiledOf(source, flags);
  // The one that was used last is the last to go.
  known.delete(key);
  known.set(key, compiled);
  for (const oldest of known.keys()) {
    if (known.size <= MOST) break;
    known.delete(oldest);
  }
  return compiled;
}

function compiledOf(source: string, flags: string): CompiledPattern {
  if (/[vy]/.test(flags)) throw new SyntaxError("the flags v and y have no meaning here");
  const { plain, open = "(?!)", least, looksBehind } = readPattern(source);
  if (least === 0) throw new SyntaxError("it matches without a byte");
  const kept = flags.replaceAll(/[gd]/g, "");
  return {
    search: new RegExp(`(${open})|(?:${plain})`, `${kept}g`),
    searchLast: new RegExp(source, `${kept}g`),
    match: new RegExp(source, `${kept}y`),
    looksBehind,
  };
}
