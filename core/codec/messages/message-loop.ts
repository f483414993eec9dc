import type { Chain } from "../../flow/chain/chain.ts";
import { isPromise } from "../../flow/chain/is-promise.ts";
import { Parts } from "../../flow/chain/parts.ts";
import type { FrameScanner, Framing } from "../framing/framing.ts";
import { Output } from "./output.ts";
import type { Unfinished } from "../framing/unfinished.ts";

/** What a {@link MessageLoop} works with. */
export interface MessageWork<M> {
  readonly framing: Framing<M>;
  /** The stages that work on messages. */
  readonly chain: Pick<Chain, "run">;
  /** Whether a chunk is a datagram: it stays one datagram, and nothing of it waits for the next. */
  readonly datagrams: boolean;
}

/**
 * Handles the messages of one chunk, one after the other. While one message is waited for, the messages before it go on (`Parts`).
 *
 * Bytes that have not been answered are always in `unfinished`: if a stage throws and the plugin is taken out, they go on as they are. The
 * exception is a chunk without one answered message: the caller still has it.
 */
export class MessageLoop<M> {
  readonly #bytes: Buffer;
  readonly #scanner: FrameScanner;
  readonly #output: Output;
  #at = 0;

  constructor(
    private readonly work: MessageWork<M>,
    private readonly unfinished: Unfinished,
    chunk: Buffer,
  ) {
    this.#bytes = work.datagrams ? chunk : unfinished.with(chunk);
    this.#scanner = work.datagrams ? work.framing.scanner() : unfinished.scanner;
    this.#output = new Output(this.#bytes);
  }

  /** @returns a chunk, null, a promise of either, or parts. Throws what a stage throws at the first message. */
  run(): unknown {
    const { unfinished } = this;
    const bytes = this.#bytes;
    for (let end = this.#next(); end !== undefined; end = this.#next()) {
      if (typeof end !== "number") return end.failed;
      const waiting = this.#take(end);
      if (waiting !== undefined) return waiting;
      this.#at = end;
    }
    if (this.work.datagrams) this.#output.keep(this.#at, bytes.length);
    else unfinished.keep(bytes, this.#at);
    return this.#output.take();
  }

  #next(): number | { readonly failed: unknown } | undefined {
    try {
      return this.#scanner.end(this.#bytes, this.#at);
    } catch (error) {
      return { failed: this.#fail(error) };
    }
  }

  /** Gives one message to the stages. @returns what is to be waited for, also for a failure; undefined: nothing */
  #take(end: number): unknown {
    const { framing, chain, datagrams } = this.work;
    const start = this.#at;
    let message: M | undefined;
    let result: unknown;
    try {
      message = framing.message(this.#bytes, start, end);
      // `each` cannot tell a JSON null from "drop it".
      if (message === undefined || message === null) this.#output.keep(start, end);
      else result = chain.run(message);
      if (!isPromise(result) && !(result instanceof Parts)) {
        if (result !== undefined) this.#put(message as M, result, end);
        return undefined;
      }
    } catch (error) {
      return this.#fail(error);
    }
    const later = this.#settled(message as M, result, end);
    if (datagrams) return later;
    this.unfinished.leave(this.#bytes, start);
    return new Parts(this.#output.take(), later);
  }

  async #settled(message: M, result: unknown, end: number): Promise<unknown> {
    let settled = await result;
    for (; settled instanceof Parts; settled = await settled.later) this.#put(message, settled.now, end);
    this.#put(message, settled, end);
    this.#at = end;
    if (!this.work.datagrams) this.unfinished.leave(this.#bytes, end);
    return this.run();
  }

  /** Adds the result of the message that ends at `end`. */
  #put(message: M, result: unknown, end: number): void {
    if (result === null) return;
    if (result === message && this.work.framing.isView) this.#output.keep(this.#at, end);
    else this.#output.add(this.work.framing.encode(result as M));
  }

  /** The output for the earlier messages goes on first; the message that failed, and what follows, is unfinished. */
  #fail(error: unknown): unknown {
    if (this.work.datagrams || this.#at === 0) throw error;
    this.unfinished.leave(this.#bytes, this.#at);
    return new Parts(this.#output.take(), failed(error));
  }
}

async function failed(error: unknown): Promise<never> {
  throw error;
}
