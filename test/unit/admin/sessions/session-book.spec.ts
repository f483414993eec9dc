import { expect } from "chai";
import { Subject } from "rxjs";
import { SluiceError, type ProxyEvent, type SessionRecord } from "../../../../core/contract/index.ts";
import type { Proxy } from "../../../../core/runtime/proxy/proxy.ts";
import type { LiveSession } from "../../../../core/runtime/session/live-session.ts";
import { SessionBook } from "../../../../core/admin/sessions/session-book.ts";
import { refusalOf } from "../../../support/rejection.ts";

const kept = 10_000;
const traffic = { bytes: 5, chunks: 1 };

/** As much of a proxy and its sessions as a book reads. */
class FakeProxy {
  readonly sessions = new Set<LiveSession>();
  readonly flows = new Set<LiveSession>();
  readonly hub = { sessions: new Subject<ProxyEvent>(), lifecycle: new Subject<ProxyEvent>() };
  readonly inner = { state: this };
  #last = 0;

  open(listener = "web", startedAt = 0): LiveSession {
    const id = (this.#last += 1);
    const pipeline = { pipeline: { plugins: [{ use: { name: "mark" } }] } };
    const known = { id, listener, transport: "tcp", client: `127.0.0.1:${id}`, upstream: "127.0.0.1:80", generation: 1, pipeline };
    const line = { keepTimeline: () => undefined, dropTimeline: () => undefined, timeline: undefined };
    const session = { ...known, ...line, startedAt, fromClient: traffic, fromUpstream: traffic } as unknown as LiveSession;
    this.sessions.add(session);
    this.hub.sessions.next({ type: "session-started", listener, session });
    return session;
  }

  end(session: LiveSession): void {
    this.sessions.delete(session);
    const { id, listener } = session;
    const where = { session: id, listener, transport: "tcp", client: String(session.client), upstream: undefined, generation: 1 };
    const how = { reason: "closed", phase: "flow", durationMs: 1, fromClient: traffic, fromUpstream: traffic } as const;
    const record: SessionRecord = { ...where, ...how };
    this.hub.sessions.next({ type: "session-ended", listener, record, error: undefined });
  }
}

describe("the book of sessions", () => {
  let proxy: FakeProxy;
  const book = (): SessionBook => new SessionBook(proxy as unknown as Proxy);
  const ids = async (from: SessionBook, filter = "", limit = 100, after?: number): Promise<number[]> =>
    (await from.list(filter, limit, after)).sessions.map(({ id }) => id);

  beforeEach(() => {
    proxy = new FakeProxy();
  });

  it("goes on before a time, and in its millisecond behind a number, which may be another worker's", async () => {
    const all = book();
    for (const at of [10, 20, 20, 30]) proxy.open("web", at);
    const page = async (after: number | undefined, before: number, limit = 10): Promise<number[]> =>
      (await all.list("", limit, after, before)).sessions.map(({ id }) => id);
    expect(await page(undefined, 30)).to.deep.equal([3, 2, 1]);
    expect(await page(1_000, 20)).to.deep.equal([3, 2, 1]);
    expect(await page(3, 20)).to.deep.equal([2, 1]);
    expect(await page(3, 20, 1)).to.deep.equal([2]);
    expect(await page(1, 10)).to.deep.equal([]);
  });

  it("lists by number, whatever the order of their ends, and goes on behind any number, one that is gone too", async () => {
    const all = book();
    const opened = Array.from({ length: 6 }, () => proxy.open());
    for (const at of [3, 0, 5]) proxy.end(opened[at] as LiveSession);
    expect(await ids(all)).to.deep.equal([6, 5, 4, 3, 2, 1]);
    expect(await ids(all, "state:ended")).to.deep.equal([6, 4, 1]);
    expect(await ids(all, "", 2)).to.deep.equal([6, 5]);
    expect((await all.list("", 2, undefined)).next).to.equal(5);
    expect(await ids(all, "", 2, 5)).to.deep.equal([4, 3]);
    expect((await all.list("", 6, undefined)).next, "no more").to.equal(undefined);
    expect(await ids(all, "", 10, 1)).to.deep.equal([]);
    expect(await ids(all, "", 2, 4711)).to.deep.equal([6, 5]);
  });

  it("knows those that were open before it was made", async () => {
    const [first, second] = [proxy.open(), proxy.open("other")];
    const all = book();
    expect(await ids(all)).to.deep.equal([2, 1]);
    proxy.end(first);
    expect(await ids(all, "state:ended")).to.deep.equal([1]);
    expect(all.open(2)).to.equal(second);
    expect((await refusalOf(() => all.open(1))).code).to.equal("SLUICE_ADMIN_CONFLICT");
    expect((await refusalOf(() => all.detail(3))).code).to.equal("SLUICE_ADMIN_UNKNOWN");
  });

  it("keeps the last 10,000 that ended, and every open one, however old", async () => {
    const all = book();
    const oldest = proxy.open();
    for (let at = 0; at < 3 * kept; at += 1) proxy.end(proxy.open());
    const newest = 3 * kept + 1;
    expect(await ids(all, "", 2)).to.deep.equal([newest, newest - 1]);
    expect(await ids(all, "state:open")).to.deep.equal([oldest.id]);
    expect(await ids(all, "", 10, newest - kept + 2), "the two that are left").to.deep.equal([newest - kept + 1, 1]);
    expect(() => all.detail(2)).to.throw(SluiceError, "ended long ago");
    proxy.end(oldest);
    expect(await ids(all, "state:ended", 1, 2)).to.deep.equal([1]);
    proxy.end(proxy.open());
    expect(await ids(all, "state:ended", 1, newest - kept + 2), "ended later than it").to.deep.equal([1]);
  });

  it("looks through them in slices: others have their turn meanwhile, and may end what is looked at", async () => {
    const all = book();
    const opened = Array.from({ length: 20_000 }, () => proxy.open());
    const state = { turns: 0 };
    const ending = setInterval(() => {
      state.turns += 1;
      const session = opened.pop();
      if (session !== undefined) proxy.end(session);
    });
    // A filter that nothing passes.
    while (state.turns < 3) {
      expect(await ids(all, "client:nobody plugin:m*k")).to.deep.equal([]);
    }
    clearInterval(ending);
    expect(await ids(all, "", 1)).to.deep.equal([20_000]);
  });
});
