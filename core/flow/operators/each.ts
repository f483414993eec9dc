import { Subscriber, type Observable, type OperatorFunction, type TeardownLogic } from "rxjs";
import { SluiceError } from "../../contract/index.ts";
import { Chain, type ChunkFunction, type Step } from "../chain/chain.ts";
import type { Stateful } from "../chain/stateful.ts";
import type { Crossing, Tap } from "../chain/meter.ts";
import { blamed } from "../chain/fault.ts";
import { weightOf } from "./chunk-weight.ts";
import { hold, type Hold } from "./hold.ts";
import { isPromise } from "../chain/is-promise.ts";
import { Parts } from "../chain/parts.ts";
import { Stage } from "../chain/stage.ts";

/** Bytes that may wait behind a promise before the source is paused: pausing for every chunk costs two system calls. */
const PATIENCE = 64 * 1024;

/**
 * Works on one chunk at a time. `run` returns the chunk to pass on, null to drop it, or a promise of either: then the flow pauses its
 * source while it waits, and the order is kept. Neighbouring `each` stages of a live flow run as one composed function; anywhere else it is
 * an ordinary RxJS operator.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT if `run` is not a function
 * @example data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase())))
 */
export function each<T = Buffer, R = T>(run: ChunkFunction<T, R>): OperatorFunction<T, R> {
  if (typeof run !== "function")
    throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `each(): expected a function of a chunk, got ${typeof run}`);
  return (source) => new EachObservable(source, run) as unknown as Observable<R>;
}

/** The result of {@link each}: it remembers its source and function, so that a flow can compose neighbours. */
export class EachObservable extends Stage<unknown> implements Step {
  /** The plugin whose hook made it; the flow sets it. */
  plugin: string | undefined = undefined;
  /** Set by the flow, on the last stage of its plugin. */
  exit: Crossing | undefined = undefined;
  /** The chain that runs, if the stage runs separately, among plain RxJS operators. */
  #running: Chain | undefined = undefined;

  constructor(
    readonly input: Observable<unknown>,
    readonly run: ChunkFunction<never, unknown>,
  ) {
    super();
  }

  /** `each` has no state. */
  stateful(): Stateful | undefined {
    return undefined;
  }

  /** RxJS's extension point; on the prototype, because a closure per stage and session costs a quarter of the connection rate. */
  _subscribe(subscriber: Subscriber<unknown>): TeardownLogic {
    const { root, steps } = stagesDownTo(this, undefined);
    const chain = new Chain(steps);
    if (this.exit !== undefined) this.#running = chain;
    return root.subscribe(new EachSubscriber(subscriber, chain, hold(PATIENCE)));
  }

  /** Shows `tap` every chunk that it emits, if it runs separately. */
  watch(tap: Tap | undefined): void {
    this.#running?.watch(tap === undefined ? undefined : withoutEntry(tap));
  }
}

/** A tap without `entered`: the chunks have been seen where they came from. */
function withoutEntry(tap: Tap): Tap {
  return {
    entered: () => undefined,
    passed: (plugin, chunk, milliseconds) => {
      tap.passed(plugin, chunk, milliseconds);
    },
    dropped: (plugin) => {
      tap.dropped(plugin);
    },
  };
}

/** Walks from the last stage back to `stop`, or to the first Observable that is not an `each`; the steps come in the order of the data. */
export function stagesDownTo(
  last: Observable<unknown>,
  stop: Observable<unknown> | undefined,
): { root: Observable<unknown>; steps: EachObservable[] } {
  let root = last;
  let count = 0;
  for (; root !== stop && root instanceof EachObservable; root = root.input) count += 1;
  // oxlint-disable-next-line unicorn/no-new-array -- it has exactly this many places; an array that grows has 17, twice per session
  const steps = new Array<EachObservable>(count);
  for (let at = last; at instanceof EachObservable && count > 0; at = at.input) steps[(count -= 1)] = at;
  return { root, steps };
}

class EachSubscriber extends Subscriber<unknown> {
  readonly #chain: Chain;
  readonly #hold: Hold;
  readonly #to: Subscriber<unknown>;
  #queue: unknown[] | undefined;
  #waiting = false;
  #completed = false;
  #finishing = false;
  /** The states have emitted what they held. */
  #finished = false;

  constructor(to: Subscriber<unknown>, chain: Chain, grip: Hold) {
    // oxlint-disable-next-line typescript/no-deprecated -- the constructor is how RxJS chains its own operators
    super(to);
    this.#to = to;
    this.#chain = chain;
    this.#hold = grip;
    if (!chain.hasState) return;
    this.add(() => {
      if (!this.#finished) chain.discard();
    });
    this.#waiting = chain.waits(() => this.#begin());
    if (!this.#waiting) this.#begin();
  }

  #begin(): void {
    if (this.closed) return;
    this.#waiting = false;
    try {
      this.#chain.begin();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#goOn();
  }

  override _next(chunk: unknown): void {
    if (this.#waiting || this.#behind) {
      this.#enqueue(chunk);
      return;
    }
    this.#pass(chunk);
  }

  #enqueue(chunk: unknown): void {
    this.#hold.acquire(weightOf(chunk));
    if (this.#queue === undefined) {
      this.#queue = [];
      this.add(() => {
        this.#forget();
      });
    }
    this.#queue.push(chunk);
  }

  /** Unsubscribed: the waiting chunks are dropped. */
  #forget(): void {
    const bytes = this.#queue?.reduce<number>((sum, chunk) => sum + weightOf(chunk), 0) ?? 0;
    this.#queue = [];
    if (bytes > 0) this.#hold.release(bytes, () => undefined);
  }

  override _complete(): void {
    this.#completed = true;
    if (!this.#waiting && !this.#behind) this.#finish();
  }

  /** Whether earlier chunks still wait to be handled: handling one of them may complete the source, or make it emit. */
  get #behind(): boolean {
    return this.#queue !== undefined && this.#queue.length > 0;
  }

  /** What stages with a state still hold is emitted first. */
  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    try {
      const waiting = this.#chain.finish((chunk) => {
        this.#hold.release(0, () => {
          this.#to.next(chunk);
        });
      });
      if (isPromise(waiting)) this.#finishLater(waiting);
      else this.#end();
    } catch (error) {
      this.#fail(error);
    }
  }

  #finishLater(waiting: PromiseLike<void>): void {
    waiting.then(
      () => {
        if (!this.closed) this.#end();
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  #end(): void {
    this.#finished = true;
    this.#to.complete();
    this.unsubscribe();
  }

  #pass(chunk: unknown): void {
    let result: unknown;
    try {
      result = this.#chain.run(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!isPromise(result) && !(result instanceof Parts)) {
      if (result !== null) this.#to.next(result);
      return;
    }
    const bytes = weightOf(chunk);
    this.#waiting = true;
    this.#hold.acquire(bytes);
    if (isPromise(result)) this.#wait(bytes, result);
    else this.#part(bytes, result);
  }

  /** The part that is there goes on, and the rest is waited for. */
  #part(bytes: number, { now, later }: Parts): void {
    this.#hold.release(0, () => {
      if (now !== null && !this.closed) this.#to.next(now);
    });
    this.#wait(bytes, later);
  }

  #wait(bytes: number, result: PromiseLike<unknown>): void {
    result.then(
      (settled) => {
        if (settled instanceof Parts && !this.closed) this.#part(bytes, settled);
        else this.#settled(bytes, settled);
      },
      (error: unknown) => {
        this.#hold.release(bytes, () => {
          this.#fail(error);
        });
      },
    );
  }

  #settled(bytes: number, result: unknown): void {
    this.#waiting = false;
    this.#hold.release(bytes, () => {
      if (this.closed) return;
      if (result !== null) this.#to.next(result);
      this.#goOn();
    });
  }

  /** Works on the chunks that waited. */
  #goOn(): void {
    while (!this.#waiting && this.#queue !== undefined && this.#queue.length > 0) {
      const chunk = this.#queue.shift();
      this.#pass(chunk);
      this.#hold.release(weightOf(chunk), () => undefined);
    }
    if (this.#completed && !this.#waiting) this.#finish();
  }

  #fail(error: unknown): void {
    if (this.closed) return;
    this.#to.error(blamed(error, this.#chain.blame));
    this.unsubscribe();
  }
}
