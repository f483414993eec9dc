import { Observable, type Subscriber, type TeardownLogic } from "rxjs";
import { blamed } from "./fault.ts";
import { cross, type Crossing, type Tap } from "./meter.ts";

/**
 * The end of one plugin's plain RxJS operators: notes the plugin on errors that come through them, counts the chunks that they emit, and shows
 * the chunks to an observer. It replaces methods of the subscriber, since one more operator per plugin would make every chunk more expensive.
 */
export class Blaming extends Observable<Buffer> {
  /** Where its chunks go on; the flow sets it. */
  exit: Crossing | undefined = undefined;
  #tap: Tap | undefined = undefined;

  constructor(
    private readonly inner: Observable<Buffer>,
    private readonly plugin: string,
  ) {
    super();
  }

  watch(tap: Tap | undefined): void {
    this.#tap = tap;
  }

  _subscribe(subscriber: Subscriber<Buffer>): TeardownLogic {
    const { plugin, exit } = this;
    const error = subscriber.error.bind(subscriber);
    const blame = (thrown: unknown): void => {
      error(blamed(thrown, plugin));
    };
    subscriber.error = blame;
    if (exit !== undefined) this.#count(subscriber, exit);
    return this.inner.subscribe(subscriber);
  }

  #count(subscriber: Subscriber<Buffer>, exit: Crossing): void {
    const next = subscriber.next.bind(subscriber);
    const counted = (chunk: Buffer): void => {
      if (chunk instanceof Uint8Array) {
        cross(exit, chunk);
        this.#tap?.passed(this.plugin, chunk, undefined);
      }
      next(chunk);
    };
    subscriber.next = counted;
  }
}
