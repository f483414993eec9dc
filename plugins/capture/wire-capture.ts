import type { WireTap } from "sluice";
import type { Conversation, LegWriter, PacketNote, Sender } from "./conversation.ts";

/** What a wire is captured with. */
export interface WireParts {
  /** Which end of it is the proxy's. */
  readonly proxy: Sender;
  readonly sink: { secret(line: Buffer): void };
}

/**
 * One leg as TLS: its packets are the encrypted bytes, and its secrets stand beside them. What the session's flows say about that leg is in
 * there already; what a plugin has changed is noted beside the next packet.
 */
export class WireCapture implements Required<WireTap>, LegWriter {
  isOpen = true;
  #comment: string | undefined;
  readonly #note = (): PacketNote => {
    const comment = this.#comment;
    this.#comment = undefined;
    return { comment };
  };

  constructor(
    private readonly conversation: Conversation,
    private readonly parts: WireParts,
  ) {}

  received(chunk: Buffer): void {
    this.conversation.data(this.#peer, chunk, nothingToNote);
  }

  sent(chunk: Buffer): void {
    this.conversation.data(this.parts.proxy, chunk, this.#note);
  }

  ended(): void {
    this.conversation.finish(this.#peer);
  }

  finished(): void {
    this.conversation.finish(this.parts.proxy);
  }

  secret(line: Buffer): void {
    this.parts.sink.secret(line);
  }

  closed(): void {
    this.isOpen = false;
    this.conversation.end();
  }

  /** Plain bytes of the session's flow. */
  data(from: Sender, payload: Buffer, noteOf: (part: Buffer) => PacketNote): void {
    const { comment } = noteOf(payload);
    if (from === this.parts.proxy) this.#comment ??= comment;
  }

  finish(): void {
    // The wire tells it, once TLS has said its goodbye.
  }

  end(): void {
    // The wire tells it, when it is closed.
  }

  get #peer(): Sender {
    return this.parts.proxy === 0 ? 1 : 0;
  }
}

const nothingToNote = (): PacketNote => ({});
