import { Subscriber } from "rxjs";
import { letGo } from "./let-go.ts";

/** The end of a flow's operators. A Subscriber of our own, because RxJS puts two objects and two more calls per chunk around a plain observer. */
export class SinkSubscriber extends Subscriber<Buffer> {
  constructor(
    private readonly emit: (chunk: Buffer) => void,
    private readonly fail: (error: unknown) => void,
    private readonly finish: () => void,
    /** A teardown of the operators threw. */
    private readonly undone: (error: unknown) => void,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- an observer would do, for two more objects and calls per chunk
    super();
  }

  override _next(chunk: Buffer): void {
    this.emit(chunk);
  }

  override _error(error: unknown): void {
    this.unsubscribe();
    this.fail(error);
  }

  override _complete(): void {
    this.unsubscribe();
    this.finish();
  }

  override unsubscribe(): void {
    const error = letGo({ unsubscribe: () => super.unsubscribe() });
    if (error !== undefined) this.undone(error);
  }
}
