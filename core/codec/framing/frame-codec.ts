import { Observable, Subscriber, type OperatorFunction } from "rxjs";
import type { Codec } from "./codec.ts";
import type { Framing } from "./framing.ts";
import { Unfinished } from "./unfinished.ts";

/** A codec that knows how its frames end, so that {@link messages} can carry an unfinished frame over a reload. */
export class FrameCodec<M> implements Codec<M> {
  constructor(readonly framing: Framing<M>) {}

  decode(): OperatorFunction<Buffer, M> {
    return (source) => new Observable((subscriber) => source.subscribe(new DecodeSubscriber(subscriber, this.framing)));
  }

  encode(message: M): Buffer {
    return this.framing.encode(message);
  }
}

class DecodeSubscriber<M> extends Subscriber<Buffer> {
  readonly #to: Subscriber<M>;
  readonly #framing: Framing<M>;
  readonly #unfinished: Unfinished;

  constructor(to: Subscriber<M>, framing: Framing<M>) {
    // oxlint-disable-next-line typescript/no-deprecated -- the constructor is how RxJS chains its own operators
    super(to as Subscriber<unknown> as Subscriber<Buffer>);
    this.#to = to;
    this.#framing = framing;
    this.#unfinished = new Unfinished(framing.scanner());
  }

  override _next(chunk: Buffer): void {
    const unfinished = this.#unfinished;
    const bytes = unfinished.with(chunk);
    let at = 0;
    try {
      for (let end = unfinished.scanner.end(bytes, at); end !== undefined; end = unfinished.scanner.end(bytes, at)) {
        const message = this.#framing.message(bytes, at, end);
        at = end;
        if (message !== undefined) this.#to.next(message);
        if (this.closed) return;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    unfinished.keep(bytes, at);
  }

  override _complete(): void {
    const { rest } = this.#unfinished;
    try {
      const message = rest.length === 0 ? undefined : this.#framing.last?.(rest);
      if (message !== undefined) this.#to.next(message);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#to.complete();
    this.unsubscribe();
  }

  #fail(error: unknown): void {
    this.#to.error(error);
    this.unsubscribe();
  }
}
