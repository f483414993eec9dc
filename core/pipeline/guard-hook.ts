import { isObservable, Observable, Subscriber, type TeardownLogic } from "rxjs";
import { SluiceError, type ResolvedUse } from "../contract/index.ts";
import { blamed, blameOf, faultOf, isAnswer } from "../flow/chain/fault.ts";

/** Called for each failure of a plugin that is bypassed. */
export type ReportFault = (plugin: string, error: SluiceError) => void;

export type Hook<T, C> = (source: Observable<T>, context: C) => Observable<T>;

/** A hook, and what holds for all its calls. */
interface Guard<T, C> {
  readonly hook: Hook<T, C>;
  readonly use: ResolvedUse;
  readonly check: (value: T) => void;
  readonly report: ReportFault;
}

/**
 * Runs one plugin's admit, resolve or connect hook. An exception is noted as the plugin's fault, and so is an emission that the hook may not
 * make; with onError "bypass" the fault is reported, and the session goes on as if the hook were not there. A SluiceError is an answer, not a
 * fault, and passes, unless its source is a plugin.
 *
 * @param check throws at a value that the hook may not emit
 */
export function guardHook<T, C>(hook: Hook<T, C>, use: ResolvedUse, check: (value: T) => void, report: ReportFault): Hook<T, C> {
  const guard: Guard<T, C> = { hook, use, check, report };
  return (source, context) => new Guarded(source, context, guard);
}

/** One call of a hook, made when it is subscribed to. A class in place of RxJS's operators: of those it takes five, for each hook and HTTP request. */
class Guarded<T, C> extends Observable<T> {
  constructor(
    private readonly input: Observable<T>,
    private readonly context: C,
    private readonly guard: Guard<T, C>,
  ) {
    super();
  }

  /** RxJS's extension point; on the prototype, as in `each`. */
  _subscribe(subscriber: Subscriber<T>): TeardownLogic {
    const watched = new Watched(this.input);
    let result: Observable<T>;
    try {
      result = resultOf(this.guard.hook(watched, this.context));
    } catch (error) {
      new GuardSubscriber(subscriber, watched, this.guard).error(error);
      return undefined;
    }
    // It has nothing to do with this one, and what it passes was checked where it came from.
    return result === watched ? this.input.subscribe(subscriber) : result.subscribe(new GuardSubscriber(subscriber, watched, this.guard));
  }
}

/** A hook's source. Its value is kept: a second subscription would open a second upstream leg. */
class Watched<T> extends Observable<T> {
  seen: { readonly value: T } | undefined = undefined;

  constructor(readonly input: Observable<T>) {
    super();
  }

  _subscribe(subscriber: Subscriber<T>): TeardownLogic {
    return this.input.subscribe(new WatchSubscriber(subscriber, this));
  }
}

class WatchSubscriber<T> extends Subscriber<T> {
  constructor(
    destination: Subscriber<T>,
    private readonly watched: Watched<T>,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- an operator would be two more objects for each hook and request
    super(destination);
  }

  override _next(value: T): void {
    this.watched.seen = { value };
    super._next(value);
  }
}

/** Takes what the hook's Observable emits. */
class GuardSubscriber<T, C> extends Subscriber<T> {
  readonly #to: Subscriber<T>;
  #passedOn = false;

  constructor(
    destination: Subscriber<T>,
    private readonly watched: Watched<T>,
    private readonly guard: Guard<T, C>,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- an operator would be two more objects for each hook and request
    super(destination);
    this.#to = destination;
  }

  override _next(value: T): void {
    try {
      this.guard.check(value);
    } catch (error) {
      this.error(error);
      return;
    }
    this.#passedOn = true;
    super._next(value);
  }

  override _error(error: unknown): void {
    const { use, report } = this.guard;
    // An answer, or a fault that a plugin nearer to the upstream is already blamed for.
    if (isAnswer(error) || (SluiceError.is(error) && blameOf(error) !== undefined)) super._error(error);
    else if (use.use.onError === "close") super._error(blamed(faultOf(use.name, error), use.name));
    else {
      report(use.name, faultOf(use.name, error));
      this.#bypass();
    }
  }

  #bypass(): void {
    const { seen, input } = this.watched;
    const to = this.#to;
    this.unsubscribe();
    // The value that it passed on is already in use: a leg that came again would be closed as a second one.
    if (this.#passedOn) to.complete();
    else if (seen === undefined) to.add(input.subscribe(to));
    else {
      to.next(seen.value);
      to.complete();
    }
  }
}

function resultOf<T>(result: Observable<T>): Observable<T> {
  if (isObservable(result)) return result;
  const given: unknown = result;
  if (!(given instanceof Promise)) throw new TypeError("the hook returned no Observable");
  // The promise itself is the fault: its rejection must not end the process too.
  given.catch(() => undefined);
  throw new TypeError("the hook returned a promise and no Observable: leave out its `async`");
}
