import { expect } from "chai";
import { Subject } from "rxjs";
import type { ProxyEvent } from "sluice";
import { untilQuiet } from "../../../core/runtime/proxy/until-quiet.ts";
import { FakeClock } from "../../support/fake-clock.ts";

describe("untilQuiet", () => {
  let clock: FakeClock;
  let events: Subject<ProxyEvent>;
  let left: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    events = new Subject();
    left = false;
  });
  afterEach(() => clock.restore());

  const begin = (delay: number, quiet: number): void => {
    void untilQuiet(events, { delay, quiet }).then(() => (left = true));
  };
  const after = async (ms: number): Promise<boolean> => {
    clock.pass(ms);
    await Promise.resolve();
    return left;
  };
  const starts = (id: number): void => {
    events.next({ type: "session-started", listener: "web", session: { id } } as ProxyEvent);
  };
  const ends = (session: number, bytes: number): void => {
    events.next({ type: "session-ended", listener: "web", record: { session, fromClient: { bytes, chunks: 1 } } } as ProxyEvent);
  };

  it("is over at once without a delay", async () => {
    begin(0, 1_000);
    expect(await after(0)).to.equal(true);
    expect(events.observed).to.equal(false);
  });

  it("ends when no client has come for the time of quiet, and then subscribes to nothing any more", async () => {
    begin(10_000, 1_000);
    expect(await after(999)).to.equal(false);
    starts(1);
    expect(await after(999)).to.equal(false);
    expect(await after(1)).to.equal(true);
    expect(events.observed).to.equal(false);
  });

  it("ends after the delay even if clients keep coming", async () => {
    begin(3_000, 1_000);
    for (let id = 0; id < 5; id++) {
      starts(id);
      expect(await after(500)).to.equal(false);
    }
    starts(5);
    expect(await after(500)).to.equal(true);
  });

  it("does not count who left without a byte, and counts who sent some or was refused", async () => {
    begin(10_000, 1_000);
    await after(900);
    starts(1);
    ends(1, 0);
    expect(await after(100), "a probe").to.equal(true);

    left = false;
    begin(10_000, 1_000);
    await after(900);
    starts(2);
    ends(2, 1);
    await after(900);
    events.next({ type: "session-refused", listener: "web", client: undefined, error: new Error("full") as never });
    expect(await after(999), "a client, and one refused").to.equal(false);
    expect(await after(1)).to.equal(true);
  });

  it("does not count the end of a session that was open before", async () => {
    begin(10_000, 1_000);
    await after(900);
    ends(7, 100);
    expect(await after(100)).to.equal(true);
  });

  it("counts an open session for what it is: it may send yet", async () => {
    begin(10_000, 1_000);
    await after(500);
    starts(1);
    expect(await after(500)).to.equal(false);
    ends(1, 0);
    // Looked at again when the session's own time is up.
    expect(await after(500)).to.equal(true);
  });
});
