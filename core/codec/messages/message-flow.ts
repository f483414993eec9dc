import { Observable, Subscriber, type OperatorFunction, type TeardownLogic } from "rxjs";
import { Root } from "../../flow/chain/root.ts";
import type { CarriedState } from "../../flow/operators/carried-states.ts";
import { FramePlace } from "../framing/frame-state.ts";
import type { Framing } from "../framing/framing.ts";
import { Output } from "./output.ts";
import type { Unfinished } from "../framing/unfinished.ts";

/** An operator on messages, applied to its input. */
interface Applied<M> {
  readonly inner: Root;
  readonly output: Observable<M>;
}

/** The operator of a {@link MessageFlow}. */
export interface MessageOperator<M> {
  readonly operator: OperatorFunction<M, M>;
  /** For the first subscription: what the operator made when the hook was called, since the places of `carry` are counted then. */
  readonly first: Applied<M>;
}

/** `messages` with any RxJS operator: messages emitted in the turn of a chunk go on as one chunk, later ones each as a chunk of its own. */
export class MessageFlow<M> extends Observable<Buffer> {
  readonly #place: FramePlace;
  #first: Applied<M> | undefined;

  constructor(
    private readonly input: Observable<Buffer>,
    private readonly framing: Framing<M>,
    private readonly made: MessageOperator<M>,
  ) {
    super();
    this.#place = new FramePlace(framing);
    this.#first = made.first;
  }

  _subscribe(subscriber: Subscriber<Buffer>): TeardownLogic {
    const applied = this.#first ?? this.#apply();
    this.#first = undefined;
    const messages = new MessageSubscriber(subscriber, this.framing, applied.inner, this.#place);
    messages.listenTo(applied.output);
    // Chunks that come before somebody has subscribed (`concat(greeting, data)`) would be lost.
    const listen = (): void => {
      if (!messages.closed) this.input.subscribe(messages);
    };
    if (applied.inner.observed) listen();
    else applied.inner.onObserved = listen;
    return messages;
  }

  #apply(): Applied<M> {
    const inner = new Root();
    return { inner, output: this.made.operator(inner as Observable<unknown> as Observable<M>) };
  }
}

class MessageSubscriber<M> extends Subscriber<Buffer> {
  readonly #to: Subscriber<Buffer>;
  readonly #framing: Framing<M>;
  readonly #inner: Root;
  readonly #frames: CarriedState;
  readonly #datagrams: boolean;
  /** Gathers what is emitted in the turn of a chunk. */
  #output: Output | undefined;
  /** The source has completed, and so has the operator's input. */
  #completing = false;
  /** What came before the frames could begin, since the operators that these replace still had them. */
  #early: Buffer[] | undefined;

  constructor(to: Subscriber<Buffer>, framing: Framing<M>, inner: Root, place: FramePlace) {
    // oxlint-disable-next-line typescript/no-deprecated -- the constructor is how RxJS chains its own operators
    super(to);
    this.#to = to;
    this.#framing = framing;
    this.#inner = inner;
    this.#datagrams = place.datagrams;
    this.#frames = place.state((unfinished, chunk) => {
      this.#turn(unfinished, chunk);
    });
    this.add(() => {
      if (!this.#completing) this.#frames.discard();
    });
    if (this.#frames.waits(() => this.#begin())) this.#early = [];
    else this.#begin();
  }

  #begin(): void {
    if (this.closed) return;
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#try(() => this.#frames.begin());
    for (const chunk of early) this._next(chunk);
    if (this.#completing) this.#inner.complete();
  }

  /** Subscribes to the operator's output. */
  listenTo(output: Observable<M>): void {
    if (this.closed) return;
    this.add(
      output.subscribe({
        next: (message) => this.#try(() => this.#emitted(this.#framing.encode(message))),
        error: (error: unknown) => this.#fail(error),
        complete: () => this.#completed(),
      }),
    );
  }

  override _next(chunk: Buffer): void {
    if (this.#early === undefined) this.#try(() => this.#frames.handle(chunk));
    else this.#early.push(chunk);
  }

  override _complete(): void {
    this.#completing = true;
    if (this.#early === undefined) this.#inner.complete();
  }

  /** Handles the messages of one chunk. */
  #turn(unfinished: Unfinished, chunk: Buffer): void {
    const bytes = this.#datagrams ? chunk : unfinished.with(chunk);
    const scanner = this.#datagrams ? this.#framing.scanner() : unfinished.scanner;
    const output = new Output(bytes);
    this.#output = output;
    let at = 0;
    try {
      for (let end = scanner.end(bytes, at); end !== undefined && !this.closed; end = scanner.end(bytes, at)) {
        const message = this.#framing.message(bytes, at, end) ?? undefined;
        if (message === undefined) output.keep(at, end);
        else this.#inner.next(message as unknown as Buffer);
        at = end;
      }
    } catch (error) {
      if (!this.#datagrams) this.#brokenOff(unfinished, bytes, at);
      throw error;
    }
    if (this.#datagrams) output.keep(at, bytes.length);
    else unfinished.keep(bytes, at);
    this.#flush();
  }

  /** The output for the earlier messages goes on; the rest counts as not answered, in case the plugin is taken out. */
  #brokenOff(unfinished: Unfinished, bytes: Buffer, at: number): void {
    const made = this.#taken();
    if (made === null) return;
    unfinished.leave(bytes, at);
    this.#to.next(made);
  }

  #emitted(bytes: Buffer): void {
    if (this.#output === undefined) this.#to.next(bytes);
    else this.#output.add(bytes);
  }

  #flush(): void {
    const made = this.#taken();
    if (made !== null && !this.#to.closed) this.#to.next(made);
  }

  #taken(): Buffer | null {
    const made = this.#output?.take() ?? null;
    this.#output = undefined;
    return made;
  }

  /** After the source's end an unfinished frame goes on, unless a successor takes it over. Before it the stream ends here, as with `take`. */
  #completed(): void {
    this.#flush();
    this.#try(() => {
      if (this.#completing) void this.#frames.finish((rest) => this.#to.next(rest as Buffer));
      this.#to.complete();
      this.unsubscribe();
    });
  }

  #try(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.closed) return;
    this.#output = undefined;
    this.#to.error(error);
    this.unsubscribe();
  }
}
