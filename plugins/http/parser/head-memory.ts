/** The most bytes of a header that is remembered, so that a kept connection holds little memory. */
const MOST = 2048;
/** Where so many headers in a row were new, copying each of them is of no use: from then on one of 16 is remembered. */
const MOST_NEW = 4;
const ONE_OF = 16;

/** What was read from the lines of a header after the first one. */
export interface ReadFields {
  /** They must not be changed any more. */
  readonly fields: string[];
  readonly fieldNames: string[] | undefined;
}

interface KnownHead extends ReadFields {
  /** The lines, with the empty line at the end. */
  readonly text: string;
}

/**
 * The last header of a connection. Most clients and upstreams send the same fields with each message, so what was read from them can be used again if
 * the bytes are the same (ADR 0070). The first header of a connection is not remembered: many connections have only one.
 */
export class HeadMemory {
  #head: KnownHead | undefined;
  /** How many headers in a row were new, without the first. */
  #new = -1;
  /** The text that has the lines of the header that is read now, and their offset. */
  #text = "";
  #from = 0;

  /** The fields begin. @returns the header before, if the text goes on with it */
  at(text: string, from: number): KnownHead | undefined {
    const head = this.#head;
    // V8 compares characters one by one in `startsWith`, and all of them together here.
    if (head !== undefined && text.slice(from, from + head.text.length) === head.text) {
      this.#new = 0;
      return head;
    }
    this.#text = text;
    this.#from = from;
    return undefined;
  }

  /** The fields end: remembers them, if all were in one text. */
  keep(text: string, end: number, { fields, fieldNames }: ReadFields): void {
    const isWhole = text === this.#text;
    this.#text = "";
    if (isWhole && end - this.#from <= MOST && this.#isCopied())
      // Copies: a part of a text keeps all of it in memory, which may have a part of the body too, and a hook may change the names.
      this.#head = { text: Buffer.from(text.slice(this.#from, end), "latin1").toString("latin1"), fields, fieldNames: fieldNames?.slice() };
  }

  #isCopied(): boolean {
    this.#new += 1;
    return this.#new > 0 && (this.#new <= MOST_NEW || this.#new % ONE_OF === 0);
  }
}
