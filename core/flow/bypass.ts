import { Observable, Subscription } from "rxjs";
import { Chain, isPromise, type ChunkFunction } from "./chain.ts";
import { each, stagesDownTo } from "./each.ts";
import { Root } from "./root.ts";

/** Chunks remembered at most, to pass them by when an asynchronous operator fails. */
const REMEMBERED = 1024;

/**
 * One plugin's operators with onError "bypass": when they fail, the chunk that failed and all later ones pass them by.
 *
 * @param hook the plugin's hook; what it throws when called is thrown
 * @param failed called once
 */
export function bypassing(
  data: Observable<Buffer>,
  hook: (data: Observable<Buffer>) => Observable<Buffer>,
  failed: (error: unknown) => void,
): Observable<Buffer> {
  const inner = new Root();
  const output = hook(inner);
  if (output === inner) return data;
  const { root, steps } = stagesDownTo(output, inner);
  if (root === inner) return data.pipe(each(guarded(new Chain(steps), failed)));
  return new Observable((subscriber) => new RawBypass(inner, failed).run(data, output, subscriber));
}

/** A composed chain that steps aside for good once it has thrown. */
function guarded(chain: Chain, failed: (error: unknown) => void): ChunkFunction {
  let off = false;
  const giveUp = (chunk: Buffer, error: unknown): Buffer => {
    if (!off) failed(error);
    off = true;
    return chunk;
  };
  return (chunk) => {
    if (off) return chunk;
    try {
      const result = chain.run(chunk) as ReturnType<ChunkFunction>;
      return isPromise(result) ? Promise.resolve(result).catch((error: unknown) => giveUp(chunk, error)) : result;
    } catch (error) {
      return giveUp(chunk, error);
    }
  };
}

/** Raw operators: the chunks they were given and have not emitted yet are remembered, because an asynchronous one may fail late. */
class RawBypass {
  #off = false;
  #turn = false;
  #remembered: Buffer[] = [];

  constructor(
    private readonly inner: Root,
    private readonly failed: (error: unknown) => void,
  ) {}

  run(
    data: Observable<Buffer>,
    output: Observable<Buffer>,
    to: { next(chunk: Buffer): void; complete(): void; error(error: unknown): void },
  ): Subscription {
    const both = new Subscription();
    both.add(
      output.subscribe({
        next: (chunk) => {
          this.#forget(chunk);
          to.next(chunk);
        },
        error: (error: unknown) => {
          this.#off = true;
          this.failed(error);
          const late = this.#remembered;
          this.#remembered = [];
          for (const chunk of late) to.next(chunk);
        },
        complete: () => {
          to.complete();
        },
      }),
    );
    both.add(
      data.subscribe({
        next: (chunk) => {
          if (this.#off) to.next(chunk);
          else this.#give(chunk);
        },
        error: (error: unknown) => {
          to.error(error);
        },
        complete: () => {
          if (this.#off) to.complete();
          else this.inner.complete();
        },
      }),
    );
    return both;
  }

  #give(chunk: Buffer): void {
    if (this.#remembered.length >= REMEMBERED) this.#remembered.shift();
    this.#remembered.push(chunk);
    this.#turn = true;
    this.inner.next(chunk);
    this.#turn = false;
  }

  /** An emission in the turn of a chunk means that the operators are done with it and all before; a late one answers the oldest. */
  #forget(emitted: Buffer): void {
    const at = this.#remembered.indexOf(emitted);
    if (this.#turn) this.#remembered = [];
    else this.#remembered.splice(0, at + 1 || 1);
  }
}
