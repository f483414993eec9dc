import { expect } from "chai";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { NEVER, Observable, of, throwError } from "rxjs";
import { SluiceError, type Leg, type LegReader, type Upstream } from "../../../core/contract/index.ts";
import { answerStream } from "../../../core/flow/answers/answer-stream.ts";
import { legStream } from "../../../core/flow/answers/leg-stream.ts";
import { createSession } from "../plugins/support/fakes.ts";

const next = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A leg whose other side is the test. */
class FakeLeg implements Leg {
  readonly datagrams = false;
  readonly records = false;
  readonly borrows = true;
  readonly pending = 0;
  gather = false;
  lend = true;
  onDrain: (() => void) | undefined;
  onClosed: (() => void) | undefined;
  reader: LegReader | undefined;
  readonly notes: string[] = [];
  /** What `write` says. */
  roomy = true;

  read(reader: LegReader): void {
    this.reader = reader;
  }
  resume(): void {
    this.notes.push("resume");
  }
  write(chunk: Buffer): boolean {
    this.notes.push(`write ${String(chunk)}`);
    return this.roomy;
  }
  end(): void {
    this.notes.push("end");
  }
  reset(): void {
    this.notes.push("reset");
  }
  destroy(): void {
    this.notes.push("destroy");
  }
}

describe("legStream", () => {
  const opened = (leg: FakeLeg): Observable<Upstream> => of({ endpoint: "u:1", leg });

  it("opens its leg at once, takes no lent chunks, and lets data written before wait", async () => {
    const leg = new FakeLeg();
    let open: (upstream: Upstream) => void = () => undefined;
    const stream = legStream(
      new Observable((subscriber) => {
        open = (upstream) => void subscriber.next(upstream);
      }),
    );
    stream.write("early");
    await next();
    expect(stream.connecting).to.equal(true);
    const connected = once(stream, "connect");
    open({ endpoint: "u:1", leg });
    await connected;
    await next();
    expect([stream.connecting, stream.endpoint, leg.lend, leg.notes]).to.deep.equal([false, "u:1", false, ["write early"]]);
  });

  it("passes bytes and ends both ways, data written in one turn as one chunk", async () => {
    const leg = new FakeLeg();
    const stream = legStream(opened(leg));
    await once(stream, "connect");
    stream.cork();
    stream.write("a");
    stream.write("b");
    stream.uncork();
    stream.end();
    leg.reader?.data(Buffer.from("c"));
    leg.reader?.end();
    const chunks: string[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
    await once(stream, "end");
    expect([leg.notes, chunks]).to.deep.equal([["write ab", "end"], ["c"]]);
  });

  it("passes tens of thousands of chunks that were written in one turn, in order", async () => {
    const leg = new FakeLeg();
    const stream = legStream(opened(leg));
    await next();
    const texts = Array.from({ length: 20_000 }, (_, at) => `chunk ${at}`);
    leg.roomy = false;
    for (const text of texts) stream.write(text);
    await next();
    const before = leg.notes.length;
    leg.roomy = true;
    leg.onDrain?.();
    await next();
    expect(before).to.equal(1);
    expect(leg.notes.join("").replaceAll("write ", "")).to.equal(texts.join(""));
  });

  it("stops the leg when nobody reads, and waits for it when it is full", async () => {
    const leg = new FakeLeg();
    const stream = legStream(opened(leg));
    await once(stream, "connect");
    expect(leg.reader?.data(Buffer.alloc(100_000))).to.equal(false);
    stream.resume();
    await next();
    expect(leg.notes).to.deep.equal(["resume"]);
    leg.roomy = false;
    let written = 0;
    stream.write("1", () => (written += 1));
    stream.write("2", () => (written += 1));
    await next();
    expect([written, leg.notes.slice(1)]).to.deep.equal([0, ["write 1"]]);
    leg.roomy = true;
    leg.onDrain?.();
    await next();
    expect([written, leg.notes.slice(1)]).to.deep.equal([2, ["write 1", "write 2"]]);
  });

  it("is destroyed with the error that broke the leg or prevented its opening, and closes the leg when it is destroyed", async () => {
    const broken = new SluiceError("SLUICE_UPSTREAM_RESET", "broke");
    const leg = new FakeLeg();
    const stream = legStream(opened(leg));
    await once(stream, "connect");
    const failed = once(stream, "error");
    leg.reader?.failed(broken);
    expect((await failed)[0]).to.equal(broken);
    expect((await once(legStream(throwError(() => broken)), "error"))[0]).to.equal(broken);
    const [quiet, hard] = [new FakeLeg(), new FakeLeg()];
    const streams = [legStream(opened(quiet)), legStream(opened(hard))];
    await once(streams[1] as Duplex, "connect");
    streams[0]?.destroy();
    streams[1]?.destroy(broken);
    await next();
    expect([quiet.notes, hard.notes]).to.deep.equal([["destroy"], ["reset"]]);
  });

  it("gives up the attempt when it is destroyed before the leg is open", async () => {
    let left = false;
    const stream = legStream(
      new Observable(() => () => {
        left = true;
      }),
    );
    await next();
    stream.destroy();
    await once(stream, "close");
    expect(left).to.equal(true);
    const never = legStream(NEVER);
    never.destroy();
    await once(never, "close");
  });
});

describe("answerStream", () => {
  /** What reads the answer. */
  class Reader implements LegReader {
    readonly done = true;
    readonly notes: string[] = [];
    roomy = true;

    data(chunk: Buffer): boolean {
      this.notes.push(String(chunk));
      return this.roomy;
    }
    end(): void {
      this.notes.push("end");
    }
    failed({ code }: SluiceError): void {
      this.notes.push(code);
    }
  }

  function start(use: (stream: Duplex) => void): { readonly leg: Leg; readonly reader: Reader } {
    const { leg } = answerStream("test", use, createSession().session);
    const reader = new Reader();
    leg.read(reader);
    return { leg, reader };
  }

  it("begins when the session does, and passes bytes and ends both ways", async () => {
    let closed = 0;
    const { leg, reader } = start((stream) => stream.pipe(stream));
    leg.onClosed = () => (closed += 1);
    leg.write(Buffer.from("hello"));
    leg.end();
    await next();
    await next();
    expect([reader.notes, closed]).to.deep.equal([["hello", "end"], 1]);
  });

  it("tells the session to stop when its user does not read, and waits when the client does not", async () => {
    let stream: Duplex | undefined;
    const { leg, reader } = start((given) => (stream = given));
    let drained = 0;
    leg.onDrain = () => (drained += 1);
    expect(leg.write(Buffer.alloc(200_000))).to.equal(false);
    expect(leg.pending).to.equal(200_000);
    stream?.resume();
    await next();
    expect([drained, leg.pending]).to.deep.equal([1, 0]);
    reader.roomy = false;
    stream?.write("1");
    stream?.write("2");
    await next();
    expect(reader.notes).to.deep.equal(["1"]);
    leg.resume();
    await next();
    expect(reader.notes).to.deep.equal(["1", "2"]);
  });

  it("ends the session when its user destroys it or throws, and is destroyed with the session", async () => {
    const quiet = start((stream) => void stream.destroy());
    const hard = start((stream) => void stream.destroy(new Error("broken")));
    const thrown = start(() => {
      throw new SluiceError("SLUICE_UPSTREAM_TIMEOUT", "no");
    });
    await next();
    expect([quiet.reader.notes, hard.reader.notes, thrown.reader.notes]).to.deep.equal([
      ["SLUICE_CLOSED"],
      ["SLUICE_UPSTREAM_RESET"],
      ["SLUICE_UPSTREAM_TIMEOUT"],
    ]);
    let stream: Duplex | undefined;
    const { leg, reader } = start((given) => (stream = given));
    leg.reset();
    await next();
    expect([stream?.destroyed, reader.notes]).to.deep.equal([true, []]);
  });

  it("notifies its user of a drain, and of a time without a byte", async () => {
    const notes: string[] = [];
    const { leg } = start((stream) => {
      stream.on("retire", () => notes.push("retire"));
      (stream as Duplex & { setTimeout(ms: number, callback: () => void): void }).setTimeout(20, () => notes.push("timeout"));
    });
    leg.retire?.();
    expect(notes).to.deep.equal(["retire"]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(notes).to.deep.equal(["retire", "timeout"]);
  });
});
