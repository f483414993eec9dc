import { expect } from "chai";
import { TestScheduler } from "rxjs/testing";
import { each } from "sluice/flow";
import { firstValueFrom, from, Subject, toArray } from "rxjs";

const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));

describe("each under virtual time", () => {
  it("passes the return value of its function on and drops null, in the same frame", () => {
    scheduler().run(({ cold, expectObservable }) => {
      const upper = cold("a-b-c|").pipe(each((letter: string) => (letter === "b" ? null : letter.toUpperCase())));
      expectObservable(upper).toBe("A---C|");
    });
  });

  it("chains with neighbours in order, and stops at the stage that drops", () => {
    const seen: string[] = [];
    scheduler().run(({ cold, expectObservable }) => {
      const noting = (name: string) => (letter: string) => {
        seen.push(`${name}${letter}`);
        return name === "2" && letter === "b" ? null : letter;
      };
      expectObservable(
        cold("ab|")
          .pipe(each(noting("1")))
          .pipe(each(noting("2")))
          .pipe(each(noting("3"))),
      ).toBe("a-|");
    });
    expect(seen).to.deep.equal(["1a", "2a", "3a", "1b", "2b"]);
  });

  it("fails with the error that its function throws, and unsubscribes from its source", () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold("a-b-c|");
      const failing = source.pipe(
        each((letter: string) => {
          if (letter === "b") throw new Error("boom");
          return letter;
        }),
      );
      expectObservable(failing).toBe("a-#", undefined, new Error("boom"));
      expectSubscriptions(source.subscriptions).toBe("^-!");
    });
  });

  it("passes on a source's error", () => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold("a-#").pipe(each((letter: string) => letter))).toBe("a-#");
    });
  });

  it("may change the type between stages, and back", () => {
    scheduler().run(({ cold, expectObservable }) => {
      const lengths = cold("a-b|", { a: "one", b: "three" })
        .pipe(each((word: string) => word.length))
        .pipe(each((length: number) => length * 2));
      expectObservable(lengths).toBe("x-y|", { x: 6, y: 10 });
    });
  });

  it("waits for promises and keeps the order, however long each takes", async () => {
    const releases = new Map<string, (letter: string | null) => void>();
    const source = new Subject<string>();
    const work = (letter: string): Promise<string | null> => new Promise((resolve) => void releases.set(letter, resolve));
    const all = firstValueFrom(source.pipe(each(work), toArray()));
    for (const letter of ["a", "b", "c"]) source.next(letter);
    source.complete();
    expect([...releases.keys()], "one at a time").to.deep.equal(["a"]);
    for (const [letter, result] of [
      ["a", "A"],
      ["b", null],
      ["c", "C"],
    ] as const) {
      releases.get(letter)?.(result);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(await all).to.deep.equal(["A", "C"]);
  });

  it("fails with the reason of a rejected promise", async () => {
    const failing = from(["a"]).pipe(each(() => Promise.reject(new Error("late"))));
    const error: unknown = await firstValueFrom(failing).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error).with.property("message", "late");
  });
});
