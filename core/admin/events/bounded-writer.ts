import type { FeedEvent, FeedReader } from "./feed.ts";

/** What may wait for a reader; what comes then is dropped and counted: nobody's slowness may cost the proxy memory. */
const mostWaiting = 256 * 1024;

/** Where events are written to: an HTTP response, a socket. */
export interface EventSink {
  /** Bytes that wait for the reader. */
  readonly writableLength: number;
  write(text: string): unknown;
  on(event: "drain", listener: () => void): unknown;
}

/** Writes events for one reader. One that is slow loses some, and is told how many by `dropped`. */
export class BoundedWriter implements FeedReader {
  #dropped = 0;
  #lastId = 0;

  /** @param frame what an event is on the wire */
  constructor(
    private readonly sink: EventSink,
    private readonly frame: (event: FeedEvent) => string,
  ) {
    sink.on("drain", () => {
      this.#tellOfDropped();
    });
  }

  get full(): boolean {
    return this.sink.writableLength > mostWaiting;
  }

  miss(): void {
    this.#dropped += 1;
  }

  take(event: FeedEvent): void {
    if (this.full) {
      this.miss();
      return;
    }
    this.#tellOfDropped();
    this.#lastId = event.id;
    this.sink.write(this.frame(event));
  }

  #tellOfDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.sink.write(this.frame({ id: this.#lastId, type: "dropped", data: JSON.stringify({ dropped }) }));
  }
}
