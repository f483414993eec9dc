import { expect } from "chai";
import { NEVER, Subject } from "rxjs";
import type { ProxyRates } from "../../../../core/admin/events/rates.ts";
import type { SessionTold } from "../../../../core/admin/events/feed-sources.ts";
import { Feed, type FeedEvent } from "../../../../core/admin/events/feed.ts";
import { topicsOf } from "../../../../core/admin/events/topics.ts";

describe("the events that are kept for readers which come back", () => {
  const make = (): { feed: Feed; rates: Subject<ProxyRates>; log: Subject<string>; sessions: Subject<SessionTold> } => {
    const [rates, log, sessions] = [new Subject<ProxyRates>(), new Subject<string>(), new Subject<SessionTold>()];
    return { feed: new Feed({ lifecycle: NEVER, sessions, log, rates, tap: () => () => undefined }), rates, log, sessions };
  };
  /** What a reader gets from now on, or after an id. */
  const read = (feed: Feed, topics: string, after?: number): FeedEvent[] => {
    const events: FeedEvent[] = [];
    feed.read(topicsOf(topics), { full: false, take: (event) => events.push(event), miss: () => undefined }, after);
    return events;
  };

  it("are no samples of rates, which would push the others out", () => {
    const { feed, rates, sessions } = make();
    const first = read(feed, "sessions,rates");
    sessions.next({ type: "session-started", data: "{}" });
    for (let at = 0; at < 2_000; at += 1) rates.next({ at, generation: 1, listeners: [] });
    expect(first).to.have.length(2_001);
    const again = read(feed, "sessions,rates", (first[0]?.id ?? 0) - 1);
    expect(again.map(({ type, id }) => [type, id])).to.deep.equal([["session-started", first[0]?.id]]);
  });

  it("have a bound in characters too, and the number of those that are gone is told", () => {
    const { feed, log } = make();
    const first = read(feed, "log");
    for (let count = 0; count < 100; count += 1) log.next(JSON.stringify({ msg: "x".repeat(100_000) }));
    const again = read(feed, "log", first[0]?.id);
    expect(again.reduce((sum, { data }) => sum + data.length, 0)).to.be.within(1_900_000, 2 * 1024 * 1024 + 100);
    expect([again[0]?.type, JSON.parse(again[0]?.data ?? "")]).to.deep.equal(["dropped", { dropped: 99 - (again.length - 1) }]);
  });
});
