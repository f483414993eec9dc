import type { Module } from "@swc/core";
import { SluiceError } from "../../contract/index.ts";
import { parserOf } from "../compile/parser-of.ts";
import { swc } from "../compile/swc.ts";

/** The position of a piece of syntax, as swc counts it: in bytes, from a base of its own. */
interface Spanned {
  readonly type: string;
  /** Present in all nodes except the names in JSX. */
  readonly span?: { readonly start: number; readonly end: number };
}

/** The text of a config with its syntax tree: it is changed by position, so that everything else stays as it was written. */
export class ConfigSource {
  readonly #bytes: Buffer;
  /** swc's number of the first byte: read from an empty statement that is put in front, since a tree begins at its first token, not at a comment. */
  readonly #base: number;
  readonly tree: Module;

  /** @throws SLUICE_ADMIN_CONFLICT for a text that does not parse; SLUICE_COMPILER_UNAVAILABLE */
  constructor(
    readonly file: string,
    text: string,
  ) {
    this.#bytes = Buffer.from(text);
    const { parseSync } = swc(file);
    try {
      this.tree = parseSync(`;${text.replace(/^#!/, "//")}`, { ...parserOf(file), target: "es2022" });
    } catch (error) {
      throw new SluiceError("SLUICE_ADMIN_CONFLICT", "the config does not parse: save it without its mistake first", {
        where: file,
        cause: error,
      });
    }
    this.#base = (this.tree.body[0]?.span.start ?? 0) + 1;
  }

  /** The offset of a node's first byte. */
  start({ span }: Spanned): number {
    return (span?.start ?? this.#base) - this.#base;
  }

  /** The offset after a node's last byte. */
  end({ span }: Spanned): number {
    return (span?.end ?? this.#base) - this.#base;
  }

  /** The text from one offset to another. */
  between(start: number, end: number): string {
    return this.#bytes.toString("utf8", start, end);
  }

  /** The text with one piece replaced, or inserted if the piece is empty. */
  replaced(start: number, end: number, text: string): string {
    return Buffer.concat([this.#bytes.subarray(0, start), Buffer.from(text), this.#bytes.subarray(end)]).toString("utf8");
  }

  /** The error for a config that cannot be changed, with the reason and the place. */
  refusal(node: Spanned, reason: string): SluiceError {
    const lines = this.between(0, this.start(node)).split("\n");
    return new SluiceError("SLUICE_ADMIN_CONFLICT", reason, {
      where: `${this.file}:${lines.length}:${(lines.at(-1) ?? "").length + 1}`,
    });
  }

  /** A node on one line, cut at 60 characters. */
  shown(node: Spanned): string {
    const text = this.between(this.start(node), this.end(node)).replaceAll(/\s+/g, " ");
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  }
}
