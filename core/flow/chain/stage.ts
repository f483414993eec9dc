import { Observable, type OperatorFunction } from "rxjs";

/** The head of a flow's operators, or an `each` stage of them: what byte hooks pipe. */
export abstract class Stage<T> extends Observable<T> {
  /** As RxJS's own, which first puts the operators into an array that V8 makes 17 places long; and nearly always it is one. */
  override pipe(...operators: OperatorFunction<never, unknown>[]): Observable<never> {
    return operators.reduce(through, this) as Observable<never>;
  }
}

function through(data: Observable<unknown>, operator: OperatorFunction<never, unknown>): Observable<unknown> {
  return operator(data as Observable<never>);
}
