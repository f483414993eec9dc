import { expect } from "chai";
import { Subject, take } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { carry, each } from "sluice/flow";

const bytes = (...texts: string[]): Record<string, Buffer> =>
  Object.fromEntries(texts.map((text, at) => ["abcdef"[at] ?? "", Buffer.from(text)]));

describe("carry in virtual time", () => {
  let time: TestScheduler;
  const lines = carry({
    start: () => ({ rest: "" }),
    step: (state, chunk: Buffer) => {
      const [last = "", ...whole] = `${state.rest}${chunk.toString()}`.split("\n").toReversed();
      state.rest = last;
      return whole.length === 0 ? null : Buffer.from(whole.toReversed().join("\n"));
    },
    end: ({ rest }) => (rest === "" ? null : Buffer.from(`${rest}.`)),
  });

  beforeEach(() => {
    time = new TestScheduler((actual, expected) => {
      expect(actual).to.deep.equal(expected);
    });
  });

  it("is an ordinary operator, and at completion passes the output of `end` through the stages behind it", () => {
    time.run(({ cold, expectObservable }) => {
      const data = cold("-a-b-c-|", bytes("on", "e\ntw", "o"));
      const out = data.pipe(
        lines,
        each((chunk) => Buffer.from(chunk.toString().toUpperCase())),
      );
      expectObservable(out).toBe("---b---(e|)", { b: Buffer.from("ONE"), e: Buffer.from("TWO.") });
    });
  });

  it("may be an instance of a class, whose step is called with the right `this`", () => {
    class Numbered {
      readonly sign = "#";
      start(): { chunks: number } {
        return { chunks: 0 };
      }
      step(state: { chunks: number }, chunk: Buffer): Buffer {
        state.chunks += 1;
        return Buffer.from(`${chunk.toString()}${this.sign}${state.chunks}`);
      }
    }
    time.run(({ cold, expectObservable }) => {
      const out = cold("-a-b|", bytes("x", "y")).pipe(carry(new Numbered()));
      expectObservable(out).toBe("-a-b|", bytes("x#1", "y#2"));
    });
  });

  it("has a separate state in each subscription", () => {
    time.run(({ cold, expectObservable }) => {
      const out = cold("a|", bytes("x")).pipe(lines);
      expectObservable(out).toBe("-(e|)", { e: Buffer.from("x.") });
      expectObservable(out).toBe("-(e|)", { e: Buffer.from("x.") });
    });
  });

  it("fails with the error that step, start or end throws", () => {
    const boom = (): never => {
      throw new Error("boom");
    };
    time.run(({ cold, expectObservable }) => {
      const start = (): number => 0;
      const step = (_state: number, chunk: Buffer): Buffer => chunk;
      const data = cold("-a-|", bytes("x"));
      expectObservable(data.pipe(carry({ start, step: boom }))).toBe("-#", {}, new Error("boom"));
      expectObservable(data.pipe(carry({ start: boom, step }))).toBe("#", {}, new Error("boom"));
      expectObservable(data.pipe(carry({ start, step, end: boom }))).toBe("-a-#", bytes("x"), new Error("boom"));
    });
  });

  it("emits nothing after it was unsubscribed", () => {
    const data = new Subject<Buffer>();
    const seen: string[] = [];
    data.pipe(lines, take(1)).subscribe((chunk) => seen.push(String(chunk)));
    data.next(Buffer.from("a\nb"));
    data.complete();
    expect(seen).to.deep.equal(["a"]);
  });

  it("waits for the promises of step, in order, before it ends", async () => {
    const data = new Subject<Buffer>();
    const later = carry({
      start: () => [] as string[],
      step: (seen, chunk: Buffer) => Promise.resolve(chunk).then((given) => (seen.push(String(given)), given)),
      end: (seen) => Buffer.from(`[${seen.join("")}]`),
    });
    const out = new Promise<string>((resolve, reject) => {
      let text = "";
      data.pipe(later).subscribe({ next: (chunk) => (text += String(chunk)), error: reject, complete: () => resolve(text) });
    });
    for (const text of ["a", "b", "c"]) data.next(Buffer.from(text));
    data.complete();
    expect(await out).to.equal("abc[abc]");
  });
});
