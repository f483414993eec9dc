import { BoundedWriter, type EventSink } from "./bounded-writer.ts";
import type { Feed, FeedEvent } from "./feed.ts";
import type { Topics } from "./topics.ts";

/** What an operation answers that goes on: events, until whoever asked leaves. */
export class EventStream {
  /** @param after the id of the last event that the reader has seen already */
  constructor(
    private readonly feed: Feed,
    private readonly topics: Topics,
    private readonly after: number | undefined,
  ) {}

  /**
   * Writes the events to a sink from now on, which never has more than 256 KiB and one event to hold.
   *
   * @param frame what an event is on the wire
   * @returns how to stop
   */
  writeTo(sink: EventSink, frame: (event: FeedEvent) => string): () => void {
    return this.feed.read(this.topics, new BoundedWriter(sink, frame), this.after);
  }
}
