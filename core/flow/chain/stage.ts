import { Observable, type OperatorFunction } from "rxjs";

/** The head of a flow's operators, or an `each` stage: an Observable on which byte hooks call `pipe`. */
export abstract class Stage<T> extends Observable<T> {
  /** Like RxJS's own, which first puts the operators into an array of 17 places (V8's choice), although there is nearly always only one operator. */
  override pipe(...operators: OperatorFunction<never, unknown>[]): Observable<never> {
    return operators.reduce(through, this) as Observable<never>;
  }
}

function through(data: Observable<unknown>, operator: OperatorFunction<never, unknown>): Observable<unknown> {
  return operator(data as Observable<never>);
}
