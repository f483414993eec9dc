import { SluiceError } from "../../contract/index.ts";
import { bytesOf, type Bytes } from "../values/bytes.ts";

/** The bytes for the letters of a marble diagram. */
export type MarbleValues = Readonly<Record<string, Bytes>>;

/** A span of time: `20ms`, `1.5s`, `2m`. */
const span = /^\d+(?:\.\d+)?(?:ms|s|m)/;
/** A text that looks like a span of time but would be read as letters. */
const noSpan = /^\d+(?:\.\d+)?(?:[hd]|us|µs|ns|[a-z]{2,}| (?:ms|s|m|h))(?= |$)/i;
const factors = { ms: 1, s: 1_000, m: 60_000 } as const;

/** A valid marble diagram. */
export interface Marble {
  /** The text for RxJS, which recognizes a span of time only with a space after it. */
  readonly text: string;
  /** Its letters. */
  readonly letters: ReadonlySet<string>;
  /** Its length in milliseconds. */
  readonly length: number;
}

/**
 * Reads a marble diagram like RxJS's `TestScheduler` in run mode: `-` is a millisecond, `20ms` between spaces is a span of time, `(ab)` are at the
 * same time, `|` is the end and `#` an error; everything else is a value. A text that RxJS would misunderstand is refused.
 *
 * @param place the function that got the text, for the message
 * @throws SLUICE_TEST_MARBLE with the place shown
 */
export function readMarble(text: string, place: string): Marble {
  if (typeof text !== "string") throw new SluiceError("SLUICE_TEST_MARBLE", `${place}: expected a marble diagram, got ${typeof text}`);
  const reader = new MarbleReader(text, place);
  while (reader.step());
  return { text: `${text} `, letters: reader.letters, length: reader.length };
}

/**
 * The bytes for the letters of a marble diagram. Without values, each letter is its own byte.
 * @throws SLUICE_TEST_MARBLE for a letter that has no value, SLUICE_TEST_BYTES
 */
export function valuesOf({ letters }: Marble, values: MarbleValues | undefined, place: string): Record<string, Buffer> {
  if (values !== undefined && (typeof values !== "object" || (values as unknown) === null))
    throw new SluiceError(
      "SLUICE_TEST_MARBLE",
      `${place}: expected the bytes of each letter, such as { a: "hello" }, got ${values === null ? "null" : typeof values}`,
    );
  const entries = [...letters].map((letter) => {
    if (values === undefined) return [letter, Buffer.from(letter)] as const;
    if (!Object.hasOwn(values, letter)) {
      const known = Object.keys(values).join(", ");
      throw new SluiceError("SLUICE_TEST_MARBLE", `${place}: there is no value for "${letter}", there are some for: ${known}`);
    }
    return [letter, bytesOf(values[letter] ?? "", `${place}: the value of "${letter}"`)] as const;
  });
  return Object.fromEntries(entries);
}

class MarbleReader {
  readonly letters = new Set<string>();
  length = 0;
  readonly #characters: readonly string[];
  #at = 0;
  #group: number | undefined;
  #ended: string | undefined;

  constructor(
    private readonly text: string,
    private readonly place: string,
  ) {
    this.#characters = Array.from(text);
  }

  /** Reads one element. @returns whether there was one */
  step(): boolean {
    const character = this.#characters[this.#at];
    if (character === undefined) {
      if (this.#group !== undefined) this.#refuse("this group is not closed", this.#group);
      return false;
    }
    if (character === " ") this.#at += 1;
    else if (!this.#span()) this.#read(character);
    return true;
  }

  #span(): boolean {
    const rest = this.#characters.slice(this.#at).join("");
    const [found] = span.exec(rest) ?? [];
    if (found === undefined) {
      const meant = noSpan.exec(rest)?.[0];
      if (meant !== undefined) this.#refuse(`${meant} is not a span of time: expected a span such as 20ms, 1.5s or 2m`, this.#at);
      return false;
    }
    const before = this.#characters[this.#at - 1] ?? " ";
    const after = rest[found.length] ?? " ";
    if (before !== " " || after !== " ") this.#refuse(`a span of time such as ${found} must be between spaces`, this.#at);
    if (this.#group !== undefined) this.#refuse("no time passes within a group", this.#at);
    const [digits, unit] = [Number.parseFloat(found), found.replace(/[\d.]+/, "") as keyof typeof factors];
    this.length += digits * factors[unit];
    this.#at += found.length;
    return true;
  }

  #read(character: string): void {
    if (this.#ended !== undefined && character !== "-" && character !== ")") this.#refuse(`nothing comes after ${this.#ended}`, this.#at);
    if (character === "(") this.#open();
    else if (character === ")") this.#close();
    else if (/[\s^!]/.test(character)) this.#refuse(`${JSON.stringify(character)} has no meaning here`, this.#at);
    else this.#value(character);
    if (this.#group === undefined || character === "(") this.length += 1;
    this.#at += 1;
  }

  #open(): void {
    if (this.#group !== undefined) this.#refuse("a group within a group", this.#at);
    this.#group = this.#at;
  }

  #close(): void {
    if (this.#group === undefined) this.#refuse("there is no group to close", this.#at);
    this.#group = undefined;
  }

  #value(character: string): void {
    if (character === "|" || character === "#") this.#ended = character;
    else if (character !== "-") this.letters.add(character);
    else if (this.#group !== undefined) this.#refuse("no time passes within a group", this.#at);
  }

  #refuse(why: string, at: number): never {
    throw new SluiceError("SLUICE_TEST_MARBLE", `${this.place}: ${why}:\n  ${this.text}\n  ${" ".repeat(at)}^\n`);
  }
}
