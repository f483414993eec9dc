import { expect } from "chai";
import { of, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { inject } from "sluice/flow";

const scheduler = (): TestScheduler => new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));

describe("inject under virtual time", () => {
  it("inserts chunks of another source when they come, and ends with its own source", () => {
    scheduler().run(({ cold, expectObservable, expectSubscriptions }) => {
      const extra = cold("-x-y-z-w");
      expectObservable(cold("a-b-c-|").pipe(inject(extra))).toBe("axbycz|");
      expectSubscriptions(extra.subscriptions).toBe("^-----!");
    });
  });

  it("continues when the other source completes", () => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold("a--b|").pipe(inject(cold("-x|")))).toBe("ax-b|");
    });
  });

  it("fails when either source fails", () => {
    scheduler().run(({ cold, expectObservable }) => {
      expectObservable(cold("a--b|").pipe(inject(cold("-x#")))).toBe("ax#");
      expectObservable(cold("a-#").pipe(inject(cold("-x--y")))).toBe("ax#");
    });
  });

  it("takes what Buffer.from makes, whose type is narrower than that of chunks, and the other way round", () => {
    const hook = (data: Observable<Buffer>): Observable<Buffer> => data.pipe(inject(of(Buffer.from("own"))));
    const back = (data: Observable<Buffer>): Observable<Buffer> => of(Buffer.from("given")).pipe(inject(data));
    const texts: string[] = [];
    hook(of(Buffer.from("given"))).subscribe((chunk) => texts.push(String(chunk)));
    back(of(Buffer.from("own"))).subscribe((chunk) => texts.push(String(chunk)));
    expect(texts).to.deep.equal(["own", "given", "own", "given"]);
  });
});
