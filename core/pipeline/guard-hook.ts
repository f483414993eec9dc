import { catchError, defer, EMPTY, isObservable, of, tap, throwError, type Observable } from "rxjs";
import { SluiceError, type ResolvedUse } from "../contract/index.ts";
import { blamed, blameOf, faultOf, isAnswer } from "../flow/chain/fault.ts";

/** Called for each failure of a plugin that is bypassed. */
export type ReportFault = (plugin: string, error: SluiceError) => void;

export type Hook<T, C> = (source: Observable<T>, context: C) => Observable<T>;

/**
 * Runs one plugin's admit, resolve or connect hook. An exception is noted as the plugin's fault, and so is an emission that the hook may not
 * make; with onError "bypass" the fault is reported, and the session goes on as if the hook were not there. A SluiceError is an answer, not a
 * fault, and passes, unless its source is a plugin.
 *
 * @param check throws at a value that the hook may not emit
 */
export function guardHook<T, C>(hook: Hook<T, C>, { name, use }: ResolvedUse, check: (value: T) => void, report: ReportFault): Hook<T, C> {
  return (source, context) =>
    defer(() => {
      let seen: { readonly value: T } | undefined;
      let passedOn = false;
      // The source's value is kept: a second subscription would open a second upstream leg.
      const watched = source.pipe(tap((value) => (seen = { value })));
      return defer(() => resultOf(hook(watched, context))).pipe(
        tap((value) => {
          check(value);
          passedOn = true;
        }),
        catchError((error: unknown) => {
          // An answer, or a fault that a plugin nearer to the upstream is already blamed for.
          if (isAnswer(error) || (SluiceError.is(error) && blameOf(error) !== undefined)) return throwError(() => error);
          const fault = faultOf(name, error);
          if (use.onError === "close") return throwError(() => blamed(fault, name));
          report(name, fault);
          // The value that it passed on is already in use: a leg that came again would be closed as a second one.
          if (passedOn) return EMPTY;
          return seen === undefined ? source : of(seen.value);
        }),
      );
    });
}

function resultOf<T>(result: Observable<T>): Observable<T> {
  if (isObservable(result)) return result;
  const given: unknown = result;
  if (!(given instanceof Promise)) throw new TypeError("the hook returned no Observable");
  // The promise itself is the fault: its rejection must not end the process too.
  given.catch(() => undefined);
  throw new TypeError("the hook returned a promise and no Observable: leave out its `async`");
}
