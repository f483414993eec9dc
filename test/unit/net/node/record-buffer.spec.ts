import { expect } from "chai";
import { array, assert, constant, integer, oneof, property, record } from "fast-check";
import { RecordBuffer } from "../../../../core/net/node/record-buffer.ts";

const RECORD = 16 * 1024;

/** Plays Node's part: decrypts records into whatever buffer it was given last, and asks for the next after each. */
class Node {
  readonly buffer = new RecordBuffer();
  #into = this.buffer.buffer() as Buffer;

  record(bytes: number, fill: number): void {
    this.#into.fill(fill, 0, bytes);
    const { buffer } = this;
    buffer.callback(bytes, this.#into);
    this.#into = buffer.buffer() as Buffer;
  }
}

interface Held {
  readonly chunk: Buffer;
  readonly fill: number;
}

const wrong = ({ chunk, fill }: Held): boolean => !chunk.equals(Buffer.alloc(chunk.length, fill));

describe("RecordBuffer", () => {
  it("never decrypts into a chunk that is still in use, whatever comes and whenever its reader is done", () => {
    const step = oneof(
      { weight: 8, arbitrary: record({ bytes: constant(RECORD) }) },
      { weight: 2, arbitrary: record({ bytes: integer({ min: 1, max: RECORD }) }) },
      { weight: 3, arbitrary: constant("done" as const) },
      { weight: 1, arbitrary: constant("lend" as const) },
      { weight: 1, arbitrary: constant("own" as const) },
    );
    assert(
      property(array(step, { minLength: 40, maxLength: 200 }), (steps) => {
        const node = new Node();
        let held: Held[] = [];
        let fill = 0;
        node.buffer.lend = true;
        node.buffer.reader = {
          get done() {
            return held.length === 0;
          },
          data(chunk) {
            held.push({ chunk, fill });
            return true;
          },
        };
        for (const next of steps) {
          if (next === "done") held = [];
          else if (next === "lend") node.buffer.lend = true;
          else if (next === "own") node.buffer.lend = false;
          else {
            fill = (fill + 1) % 256;
            node.record(next.bytes, fill);
          }
          if (held.some(wrong)) return false;
        }
        node.buffer.release();
        return true;
      }),
      { numRuns: 100 },
    );
  });

  it("gives every chunk memory of its own while it does not lend", () => {
    const node = new Node();
    const kept: Held[] = [];
    let fill = 0;
    node.buffer.reader = { done: true, data: (chunk) => kept.push({ chunk, fill }) > 0 };
    for (fill = 1; fill <= 100; fill += 1) node.record(fill % 7 === 0 ? 100 : RECORD, fill);
    expect(kept.filter(wrong)).to.have.length(0);
  });

  it("goes around in one large buffer while its reader keeps up, also after it once did not", () => {
    const node = new Node();
    const memory: ArrayBufferLike[] = [];
    let done = true;
    node.buffer.lend = true;
    node.buffer.reader = {
      get done() {
        return done;
      },
      data: (chunk) => memory.push(chunk.buffer) > 0,
    };
    const records = (count: number): Set<ArrayBufferLike> => {
      memory.length = 0;
      for (let at = 0; at < count; at += 1) node.record(RECORD, at);
      return new Set(memory);
    };
    records(8);
    expect(records(200).size, "while it keeps up").to.equal(1);
    done = false;
    expect(records(200).size, "while it does not").to.be.above(1);
    done = true;
    records(8);
    expect(records(200).size, "when it does again").to.equal(1);
    node.buffer.release();
  });
});
