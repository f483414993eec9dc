import { expect } from "chai";
import { Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { each } from "sluice/flow";
import { gatherBytes } from "../../docs/examples/gather.ts";

/** Chunks named by what is in them. */
const chunks = (...texts: string[]): Record<string, Buffer> =>
  Object.fromEntries(texts.map((text, at) => ["abcdef"[at] ?? "", Buffer.from(text)]));

describe("Operators for bytes in virtual time", () => {
  let time: TestScheduler;

  beforeEach(() => {
    time = new TestScheduler((actual, expected) => {
      expect(actual).to.deep.equal(expected);
    });
  });

  it("gatherBytes waits for enough bytes, or until its time is over", () => {
    time.run(({ hot, expectObservable }) => {
      const given = chunks("on", "e ", "two", "late", "on", "last");
      const data = hot("ab--c 20ms d 20ms e(f|)", given);
      const out = data.pipe(gatherBytes(7, 10, time));
      expectObservable(out).toBe("----x 30ms y 11ms (z|)", {
        x: Buffer.from("one two"),
        y: Buffer.from("late"),
        z: Buffer.from("onlast"),
      });
    });
  });

  it("each is an ordinary operator: null drops, and the order stays", () => {
    time.run(({ cold, expectObservable }) => {
      const data = cold("-a-b-c|", chunks("keep", "drop", "keep"));
      const out = data.pipe(each((chunk) => (String(chunk) === "drop" ? null : chunk)));
      expectObservable(out).toBe("-a---c|", chunks("keep", "", "keep"));
    });
  });

  it("an operator that borrows does not use a chunk after its call", () => {
    const data = new Subject<Buffer>();
    const seen: string[] = [];
    data.pipe(each((chunk) => Buffer.from(String(chunk).toUpperCase()))).subscribe((chunk) => seen.push(String(chunk)));
    for (const text of ["one", "two"]) {
      const lent = Buffer.from(text);
      data.next(lent);
      // As the core does with a lent buffer, so that anything kept shows.
      lent.fill(0xff);
    }
    expect(seen).to.deep.equal(["ONE", "TWO"]);
  });
});
