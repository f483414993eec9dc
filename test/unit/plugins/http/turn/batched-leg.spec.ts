import { expect } from "chai";
import { array, assert as assertAlways, asyncProperty, constant, oneof, record, nat, boolean } from "fast-check";
import { SluiceError, type Leg, type LegReader } from "sluice";
import { BatchedLeg, type BatchedReader } from "../../../../../plugins/http/turn/batched-leg.ts";

const turn = (): Promise<void> => new Promise(setImmediate);
const reset = new SluiceError("SLUICE_CLIENT_RESET", "left");

/** A leg and its reader, with a batched leg between them. What reaches either is noted in order. */
class Between implements Leg, BatchedReader {
  readonly datagrams = false;
  readonly records = false;
  readonly borrows = true;
  readonly done = true;
  readonly isIdle = true;
  gather = false;
  lend = false;
  pending = 0;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  mayWait = true;
  takes = true;
  isFull = false;
  reads = true;
  inner: LegReader | undefined;
  readonly batched: BatchedLeg;

  constructor(
    isServed: boolean,
    readonly name = "",
    readonly happened: string[] = [],
  ) {
    this.batched = new BatchedLeg(this, isServed);
    this.batched.onDrain = () => this.#note("room");
    this.batched.onClosed = () => this.#note("closed");
    this.batched.read(this);
  }

  read(reader: LegReader): void {
    this.inner = reader;
  }

  resume(): void {
    this.#note("resume");
  }

  write(chunk: Buffer): boolean {
    this.#note(`write ${String(chunk)}`);
    this.isFull = !this.takes;
    return this.takes;
  }

  end(): void {
    this.#note("end");
  }

  retire(): void {
    this.#note("retire");
  }

  reset(): void {
    this.#note("reset");
  }

  destroy(): void {
    this.#note("destroy");
  }

  data(chunk: Buffer): boolean {
    this.#note(`read ${String(chunk)}`);
    return this.reads;
  }

  failed(error: SluiceError): void {
    this.#note(error.code);
  }

  /** What the peer of the leg sends. */
  comes(text: string): boolean {
    return this.inner?.data(Buffer.from(text)) ?? false;
  }

  sends(text: string): boolean {
    return this.batched.write(Buffer.from(text));
  }

  #note(what: string): void {
    this.happened.push(`${this.name}${what}`);
  }
}

describe("a batched leg of http()", () => {
  it("serves what has come in a turn, and sends only then, whatever came first", async () => {
    const happened: string[] = [];
    const client = new Between(true, "client ", happened);
    const upstream = new Between(false, "upstream ", happened);
    upstream.sends("a");
    client.comes("b");
    client.sends("c");
    upstream.comes("d");
    expect(happened).to.deep.equal([]);
    expect([client.batched.isIdle, upstream.batched.isIdle, client.batched.pending]).to.deep.equal([false, false, 1]);
    await turn();
    expect(happened).to.deep.equal(["client write c", "upstream read d", "upstream write a", "client read b"]);
    expect(client.batched.isIdle).to.equal(true);
  });

  it("keeps the order: what follows in the same turn comes after what waits", async () => {
    const legs = new Between(true);
    const large = "x".repeat(16 * 1024 + 1);
    legs.sends("a");
    legs.sends(large);
    legs.sends("b");
    legs.batched.end();
    legs.comes("c");
    legs.inner?.end();
    expect(legs.happened).to.deep.equal(["write a", `write ${large}`, "write b", "end", "read c", "end"]);
    await turn();
    expect(legs.happened).to.have.lengthOf(6);
  });

  it("passes a chunk on at once when the leg may not wait", () => {
    const legs = new Between(false);
    legs.mayWait = false;
    legs.comes("a");
    expect(legs.happened).to.deep.equal(["read a"]);
  });

  it("does not let more than 128 wait", () => {
    const happened: string[] = [];
    const all = Array.from({ length: 128 }, () => new Between(true, "", happened));
    for (const legs of all.slice(1)) legs.sends("a");
    expect(happened).to.have.lengthOf(0);
    all[0]?.sends("a");
    expect(happened).to.have.lengthOf(128);
  });

  for (const how of ["reset", "destroy"] as const) {
    it(`drops at ${how} what waits`, async () => {
      const legs = new Between(true);
      legs.sends("a");
      legs.comes("b");
      legs.batched[how]();
      await turn();
      expect(legs.happened).to.deep.equal([how]);
    });
  }

  it("fails, retires and closes after what waits has passed", async () => {
    const legs = new Between(true);
    legs.comes("a");
    legs.inner?.failed(reset);
    legs.sends("b");
    legs.batched.retire();
    legs.sends("c");
    legs.onClosed?.();
    await turn();
    expect(legs.happened).to.deep.equal(["read a", "SLUICE_CLIENT_RESET", "write b", "retire", "closed"]);
  });

  it("tells of a stop with the next chunk, and of room only who knows of the stop", async () => {
    const legs = new Between(true);
    legs.takes = false;
    expect(legs.sends("a")).to.equal(true);
    await turn();
    legs.onDrain?.();
    expect(legs.happened).to.deep.equal(["write a"]);
    expect(legs.sends("b")).to.equal(true);
    await turn();
    expect(legs.sends("c")).to.equal(false);
    legs.onDrain?.();
    expect(legs.happened.slice(1)).to.deep.equal(["write b", "write c", "room"]);
  });

  it("does not resume what never stopped", async () => {
    const legs = new Between(true);
    legs.reads = false;
    expect(legs.comes("a")).to.equal(true);
    await turn();
    legs.batched.resume();
    expect(legs.comes("b")).to.equal(true);
    await turn();
    expect(legs.comes("c")).to.equal(false);
    legs.batched.resume();
    expect(legs.happened).to.deep.equal(["read a", "read b", "read c", "resume"]);
  });

  it("loses nothing, keeps the order, and never leaves a sender that was stopped without its room", async () => {
    const step = record({ size: oneof(constant(1), constant(20_000)), takes: boolean(), turns: boolean(), drains: nat({ max: 1 }) });
    await assertAlways(
      asyncProperty(array(step, { maxLength: 30 }), async (steps) => {
        const legs = new Between(true);
        let isStopped = false;
        let sent = "";
        for (const [at, { size, takes, turns, drains }] of steps.entries()) {
          legs.takes = takes;
          const text = String.fromCharCode(97 + (at % 26)).repeat(size);
          sent += text;
          isStopped = !legs.sends(text);
          // oxlint-disable-next-line no-await-in-loop -- the steps follow one another
          if (turns) await turn();
          if (drains === 0 || !legs.isFull) continue;
          const before = legs.happened.length;
          legs.takes = true;
          legs.isFull = false;
          legs.onDrain?.();
          expect(legs.happened.slice(before)).to.deep.equal(isStopped ? ["room"] : []);
          isStopped = false;
        }
        await turn();
        const written = legs.happened.filter((what) => what.startsWith("write ")).map((what) => what.slice("write ".length));
        expect(written.join("")).to.equal(sent);
      }),
      { numRuns: 50 },
    );
  });
});
