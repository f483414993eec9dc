import { expect } from "chai";
import { BoundedWriter, type EventSink } from "../../../../core/admin/events/bounded-writer.ts";
import type { FeedEvent } from "../../../../core/admin/events/feed.ts";

/** A reader that takes nothing until it is told to. */
class StalledSink implements EventSink {
  writableLength = 0;
  readonly written: string[] = [];
  #drained = (): void => undefined;

  write(text: string): void {
    this.written.push(text);
    this.writableLength += text.length;
  }

  on(_event: "drain", listener: () => void): void {
    this.#drained = listener;
  }

  drain(): void {
    this.writableLength = 0;
    this.#drained();
  }
}

describe("what is written for one reader of events", () => {
  let sink: StalledSink;
  let writer: BoundedWriter;
  const event = (id: number, size = 22_000): FeedEvent => ({ id, type: "chunk", data: "x".repeat(size) });

  beforeEach(() => {
    sink = new StalledSink();
    writer = new BoundedWriter(sink, ({ id, type, data }) => `${id} ${type} ${data}`);
  });

  it("never waits in more than 256 KiB and one event, however long it stands still", () => {
    for (let id = 1; id <= 10_000; id += 1) writer.take(event(id));
    expect(sink.writableLength).to.be.below(256 * 1024 + 23_000);
    expect(writer.full).to.equal(true);
  });

  it("learns once how many events it has lost, built ones and skipped ones, and continues", () => {
    for (let id = 1; id <= 20; id += 1) writer.take(event(id));
    const kept = sink.written.length;
    writer.miss();
    sink.drain();
    expect(sink.written.slice(kept)).to.deep.equal([`${kept} dropped {"dropped":${20 - kept + 1}}`]);
    writer.take(event(21, 1));
    sink.drain();
    expect(sink.written.slice(kept + 1)).to.deep.equal(["21 chunk x"]);
    expect(writer.full).to.equal(false);
  });

  it("learns it before the next event when there is room again without a drain event", () => {
    for (let id = 1; id <= 20; id += 1) writer.take(event(id));
    const kept = sink.written.length;
    sink.writableLength = 0;
    writer.take(event(21, 1));
    expect(sink.written.slice(kept)).to.deep.equal([`${kept} dropped {"dropped":${20 - kept}}`, "21 chunk x"]);
  });
});
