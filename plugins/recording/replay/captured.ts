import { PLACEHOLDER } from "../format/hex-text.ts";
import type { Message } from "../format/recording.ts";

/** The texts that were captured from messages, for the templates of later messages. */
export class Captured {
  readonly #values = new Map<string, string>();

  /** @param said the bytes that matched `message` */
  note({ capture }: Message, said: Buffer): void {
    for (const [name, expression] of capture ?? []) {
      const found = expression.exec(said.toString("latin1"));
      this.#values.set(name, found?.[1] ?? found?.[0] ?? "");
    }
  }

  /** The bytes of a message. They are a template only when the entry has `template: true`. */
  bytesOf({ bytes, template }: Message): Buffer {
    if (template !== true) return bytes;
    const filled = bytes.toString("latin1").replaceAll(PLACEHOLDER, (_all, name: string) => this.#values.get(name) ?? "");
    return Buffer.from(filled, "latin1");
  }
}
