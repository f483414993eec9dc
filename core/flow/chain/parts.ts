import { isPromise } from "./is-promise.ts";

/**
 * What a stage makes of one chunk when it has a part of it now and waits for the rest: `now` goes on at once, and then what `later` settles
 * to, which may be in parts again. So the first of several messages in a chunk does not wait for the last.
 */
export class Parts {
  /**
   * @param now a chunk, or null for nothing
   * @param later a chunk, null, or more parts
   */
  constructor(
    readonly now: unknown,
    readonly later: PromiseLike<unknown>,
  ) {
    // Who waits for it may be gone by then, and nobody else is to be told.
    later.then(undefined, () => undefined);
  }
}

/** Runs each part of what a stage gave through the stages behind, one after the other; what comes of it may be in parts too. */
export function partByPart(value: unknown, run: (part: unknown) => unknown): unknown {
  if (value === null) return null;
  if (isPromise(value)) return value.then((settled) => partByPart(settled, run));
  if (!(value instanceof Parts)) return run(value);
  return followed(partByPart(value.now, run), () => value.later.then((settled) => partByPart(settled, run)));
}

function followed(first: unknown, next: () => PromiseLike<unknown>): unknown {
  if (isPromise(first)) return first.then((settled) => followed(settled, next));
  if (first instanceof Parts)
    return new Parts(
      first.now,
      first.later.then((settled) => followed(settled, next)),
    );
  return new Parts(first, next());
}

/** Emits all parts in order, and waits for each. */
export function emitParts(value: unknown, emit: (part: unknown) => void | PromiseLike<void>): void | PromiseLike<void> {
  if (value === null) return undefined;
  if (isPromise(value)) return value.then((settled) => emitParts(settled, emit));
  if (!(value instanceof Parts)) return emit(value);
  const first = emitParts(value.now, emit);
  const rest = (): void | PromiseLike<void> => emitParts(value.later, emit);
  return isPromise(first) ? first.then(rest) : rest();
}
