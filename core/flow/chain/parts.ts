import { isPromise } from "./is-promise.ts";

/**
 * The result of a stage that has a part of its output now and waits for the rest: `now` goes on at once, and then the value of `later`, which
 * may be `Parts` again. So the first of several messages in a chunk does not wait for the last.
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
    // Nobody may be waiting for it any more by then: its rejection must not be uncaught.
    later.then(undefined, () => undefined);
  }
}

/** Runs each part of a stage's result through the following stages, one after the other; the result may be `Parts` too. */
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
