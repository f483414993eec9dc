import { expect } from "chai";
import { SluiceError, type LegReader } from "sluice";
import { ClientLeg, type LegConsumer } from "../../../../../plugins/http/front/client-leg.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

/** Both ends of a leg: the session that reads it, and who serves it. What happens is noted in order. */
class Ends implements LegReader, LegConsumer {
  readonly done = true;
  readonly happened: string[] = [];
  pending = 0;
  takes = true;
  reads = true;
  onData: () => void = () => undefined;
  readonly leg = new ClientLeg(() => this);

  constructor() {
    this.leg.onDrain = () => this.happened.push("room");
    this.leg.onClosed = () => this.happened.push("gone");
    this.leg.read(this);
  }

  received(chunk: Buffer): boolean {
    this.happened.push(`received ${String(chunk)}`);
    return this.takes;
  }

  ended(): void {
    this.happened.push("ended");
  }

  drained(): void {
    this.happened.push("drained");
  }

  retire(): void {
    this.happened.push("retire");
  }

  closed(): void {
    this.happened.push("closed");
  }

  data(chunk: Buffer): boolean {
    this.happened.push(`sent ${String(chunk)}`);
    this.onData();
    return this.reads;
  }

  end(): void {
    this.happened.push("FIN");
  }

  failed(error: SluiceError): void {
    this.happened.push(error.code);
    this.leg.reset();
  }

  send(text: string): boolean {
    return this.leg.send(Buffer.from(text));
  }

  write(text: string): boolean {
    return this.leg.write(Buffer.from(text));
  }
}

describe("The leg of a client of http()", () => {
  let clock: FakeClock;
  beforeEach(() => (clock = new FakeClock()));
  afterEach(() => clock.restore());

  it("sends in order, whatever the session takes when, and asks for more at the end", () => {
    const ends = new Ends();
    ends.reads = false;
    expect([ends.send("a"), ends.send("b"), ends.send("c")]).to.deep.equal([false, false, false]);
    expect(ends.happened).to.deep.equal(["sent a"]);
    ends.leg.resume();
    expect(ends.happened).to.deep.equal(["sent a", "sent b"]);
    ends.reads = true;
    ends.leg.resume();
    expect(ends.happened).to.deep.equal(["sent a", "sent b", "sent c", "drained"]);
    expect(ends.send("d")).to.equal(true);
  });

  it("tells of room once for each time that it was full, and where a write makes it", () => {
    const ends = new Ends();
    ends.leg.wanted();
    ends.takes = false;
    expect([ends.write("a"), ends.write("b")]).to.deep.equal([false, false]);
    ends.leg.wanted();
    ends.leg.wanted();
    ends.write("c");
    ends.takes = true;
    expect(ends.write("d")).to.equal(true);
    expect(ends.happened.filter((each) => each === "room")).to.have.lengthOf(2);
  });

  for (const [what, finish] of Object.entries({
    "the session first": (ends: Ends) => {
      ends.leg.end();
      ends.leg.shut();
    },
    "the server first": (ends: Ends) => {
      ends.leg.shut();
      ends.leg.end();
    },
    "the server for good, and then the session": (ends: Ends) => {
      ends.leg.finish();
      ends.leg.end();
    },
  })) {
    it(`closes once both sides have ended, ${what}`, async () => {
      const ends = new Ends();
      finish(ends);
      finish(ends);
      await Promise.resolve();
      expect(ends.happened.filter((each) => each !== "ended").toSorted()).to.deep.equal(["FIN", "closed", "gone"]);
      expect(clock.waiting).to.equal(0);
    });
  }

  it("sends what waits before FIN", () => {
    const ends = new Ends();
    ends.reads = false;
    ends.send("a");
    ends.send("b");
    ends.leg.finish();
    expect(ends.happened).to.deep.equal(["sent a"]);
    ends.reads = true;
    ends.leg.resume();
    expect(ends.happened).to.deep.equal(["sent a", "sent b", "FIN"]);
  });

  it("drops what comes once it is finishing, and gives up on a client that goes on", async () => {
    const ends = new Ends();
    ends.takes = false;
    ends.write("a");
    ends.leg.finish();
    expect([ends.write("b"), ends.happened]).to.deep.equal([true, ["received a", "FIN", "room"]]);
    ends.leg.retire();
    clock.pass(1_999);
    expect(ends.happened).to.have.lengthOf(3);
    clock.pass(1);
    await Promise.resolve();
    expect(ends.happened.slice(3)).to.deep.equal(["SLUICE_CLOSED", "closed", "gone"]);
  });

  it("is destroyed once, and nothing follows", async () => {
    const ends = new Ends();
    ends.reads = false;
    ends.send("a");
    ends.send("b");
    ends.leg.abort();
    ends.leg.destroy();
    ends.leg.abort();
    ends.leg.end();
    ends.leg.finish();
    ends.write("c");
    ends.send("d");
    await Promise.resolve();
    expect(ends.happened).to.deep.equal(["sent a", "SLUICE_CLOSED", "closed", "gone"]);
    expect(clock.waiting).to.equal(0);
  });

  it("may be destroyed while it sends what waited", () => {
    const ends = new Ends();
    ends.reads = false;
    for (const text of ["a", "b", "c"]) ends.send(text);
    ends.reads = true;
    ends.onData = () => ends.leg.destroy();
    ends.leg.resume();
    expect(ends.happened).to.deep.equal(["sent a", "sent b", "closed"]);
  });

  it("goes to another consumer, who gets what follows", () => {
    const ends = new Ends();
    const other = new Ends();
    ends.write("a");
    ends.leg.serve(other);
    ends.write("b");
    ends.leg.end();
    ends.leg.destroy();
    expect([ends.happened, other.happened]).to.deep.equal([["received a"], ["received b", "ended", "closed"]]);
  });
});
