import { BoundedWriter, type EventSink } from "./bounded-writer.ts";
import type { Feed, FeedEvent } from "./feed.ts";
import type { Topics } from "./topics.ts";

/** An operation's answer that goes on: events, until the reader leaves. */
export class EventStream {
  /** @param after the id of the last event that the reader has already seen */
  constructor(
    private readonly feed: Feed,
    private readonly topics: Topics,
    private readonly after: number | undefined,
  ) {}

  /**
   * Writes the events to a sink from now on. Never more than 256 KiB and one event wait in the sink.
   *
   * @param frame the form of an event on the wire
   * @returns a function that stops it
   */
  writeTo(sink: EventSink, frame: (event: FeedEvent) => string): () => void {
    return this.feed.read(this.topics, new BoundedWriter(sink, frame), this.after);
  }
}
