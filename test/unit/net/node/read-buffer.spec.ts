import { expect } from "chai";
import { array, assert, asyncProperty, constantFrom, integer, oneof, record } from "fast-check";
import type { Socket } from "node:net";
import { tryLateOnread } from "../../../../core/net/node/late-onread.ts";
import { ReadBuffer } from "../../../../core/net/node/read-buffer.ts";

const FULL = 64 * 1024;

interface Held {
  readonly chunk: Buffer;
  readonly fill: number;
}

/** Whether a byte of it is another: compared with itself, one byte further, since a buffer to compare with would be made ten thousand times. */
const wrong = ({ chunk, fill }: Held): boolean =>
  chunk.length > 0 && (chunk[0] !== fill || !chunk.subarray(1).equals(chunk.subarray(0, -1)));
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Plays Node's part and the reader's: reads into whatever buffer the handle was given last, and keeps what came until it is let go. */
class Session {
  readonly buffer = new ReadBuffer();
  held: Held[] = [];
  /** What the reader says to the next chunk. */
  more = true;
  /** It is done with each chunk at once: the kernel takes every write. */
  isQuick = false;
  /** How often the handle was given a buffer from outside of a read. */
  moved = 0;
  #reading = true;
  #into: Buffer;
  #fill = 0;
  readonly #socket: Socket;

  constructor() {
    const { buffer } = this;
    const useUserBuffer = (into: Buffer): void => {
      this.#into = into;
      this.moved += 1;
    };
    this.#socket = { _handle: { useUserBuffer } } as unknown as Socket;
    const onread = buffer.onread();
    this.#into = onread.buffer as Buffer;
    Object.assign(this.#socket, { [Symbol("kBufferCb")]: onread.callback });
    buffer.serve(this.#socket);
    buffer.lend = true;
    const keep = (chunk: Buffer): boolean => {
      if (!this.isQuick) this.held.push({ chunk, fill: this.#fill });
      return this.more;
    };
    const isDone = (): boolean => this.held.length === 0;
    buffer.reader = {
      get done() {
        return isDone();
      },
      data: keep,
    };
  }

  async read(bytes: number, fill: number): Promise<void> {
    if (!this.#reading) return;
    this.#fill = fill;
    const into = this.#into;
    into.fill(fill, 0, Math.min(bytes, into.length));
    this.#reading = this.#option("kBufferCb").call(this.#socket, Math.min(bytes, into.length), into) !== false;
    const next = this.#option("kBufferGen").call(this.#socket, 0, into);
    if (next instanceof Uint8Array) this.#into = next as Buffer;
    await turn();
  }

  resume(): void {
    this.buffer.goOn(this.#socket);
    this.#reading = true;
  }

  /** As `net.Socket` keeps it: the last one set counts. */
  #option(name: string): (this: Socket, bytes: number, into: Buffer) => unknown {
    const symbols = Object.getOwnPropertySymbols(this.#socket).filter(({ description }) => description === name);
    const last = symbols.at(-1);
    return last === undefined ? () => undefined : ((this.#socket as unknown as Record<symbol, never>)[last] ?? (() => undefined));
  }
}

const acts = {
  read: (session: Session, fill: number) => session.read(256 * 1024, fill),
  small: (session: Session, fill: number) => session.read(100, fill),
  done: (session: Session) => void (session.held = []),
  stop: (session: Session) => void (session.more = false),
  more: (session: Session) => void (session.more = true),
  quick: (session: Session) => void (session.isQuick = true),
  slow: (session: Session) => void (session.isQuick = false),
  resume: (session: Session) => session.resume(),
  own: (session: Session) => void (session.buffer.lend = false),
  lend: (session: Session) => void (session.buffer.lend = true),
  close: (session: Session) => session.buffer.release(),
} as const;

const step = record({
  at: integer({ min: 0, max: 2 }),
  what: oneof(
    { weight: 12, arbitrary: constantFrom("read" as const) },
    { weight: 4, arbitrary: constantFrom(...(["small", "done", "resume", "stop", "more", "quick", "slow"] as const)) },
    { weight: 1, arbitrary: constantFrom(...(["close", "own", "lend"] as const)) },
  ),
});

describe("ReadBuffer", () => {
  before(() => tryLateOnread());

  it("never reads into a chunk that is in use, nor gives its memory to another session, whatever its reader says and whoever closes", async () => {
    await assert(
      asyncProperty(array(step, { minLength: 40, maxLength: 150 }), async (steps) => {
        const sessions = [new Session(), new Session(), new Session()];
        const left: Held[] = [];
        let fill = 0;
        for (const { at, what } of steps) {
          const session = sessions[at] as Session;
          fill = (fill + 1) % 256;
          await acts[what](session, fill);
          if (what === "close") {
            left.push(...session.held);
            sessions[at] = new Session();
          }
          if ([...left, ...sessions.flatMap(({ held }) => held)].some(wrong)) return false;
        }
        for (const { buffer } of sessions) buffer.release();
        return true;
      }),
      { numRuns: 100 },
    );
  });

  it("reads into one large buffer while its reader is done when it goes on, and moves the handle once when it is not", async () => {
    const session = new Session();
    const pieces = async (count: number): Promise<Set<ArrayBufferLike>> => {
      const memory = new Set<ArrayBufferLike>();
      for (let at = 0; at < count; at += 1) {
        await session.read(256 * 1024, at);
        memory.add((session.held.at(-1) as Held).chunk.buffer);
        if (isSlow) session.held.splice(0, session.held.length - 1);
        else session.held = [];
        session.resume();
      }
      return memory;
    };
    let isSlow = false;
    session.more = false;
    await session.read(FULL, 1);
    session.held = [];
    session.resume();
    expect([(await pieces(50)).size, session.moved], "while it is done").to.deep.equal([1, 1]);
    isSlow = true;
    expect((await pieces(50)).size, "while it is not").to.be.above(10);
    expect(session.moved, "buffers from outside of a read").to.equal(2);
    isSlow = false;
    session.held = [];
    session.buffer.lend = true;
    await pieces(1);
    expect((await pieces(50)).size, "with new operators").to.equal(1);
    session.buffer.release();
  });
});
