import { droppedEvent, type FeedEvent, type FeedReader } from "./feed.ts";

/** Bytes that may wait for a reader. Further events are dropped and counted: a slow reader must not cost the proxy memory. */
const mostWaiting = 256 * 1024;

/** The stream that events are written to: an HTTP response or a socket. */
export interface EventSink {
  /** Bytes that wait for the reader. */
  readonly writableLength: number;
  write(text: string): unknown;
  on(event: "drain", listener: () => void): unknown;
}

/** Writes events for one reader. A slow reader loses some, and gets their number in a `dropped` event. */
export class BoundedWriter implements FeedReader {
  #dropped = 0;
  #lastId = 0;

  /** @param frame the form of an event on the wire */
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
    this.sink.write(this.frame({ id: this.#lastId, ...droppedEvent(dropped) }));
  }
}
