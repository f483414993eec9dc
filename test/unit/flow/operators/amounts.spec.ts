import { expect } from "chai";
import { lastValueFrom, of, toArray, type MonoTypeOperatorFunction } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { delayBytes, hold, throttleBytes } from "sluice/flow";
import { SluiceError } from "sluice";
import { holdingThrough, type HoldTarget } from "../../../../core/flow/operators/hold.ts";

const codeOf = (error: unknown): unknown => (SluiceError.is(error) ? error.code : error);
const refusalOf = (work: () => unknown): unknown => {
  try {
    work();
    return "accepted";
  } catch (error) {
    return codeOf(error);
  }
};

describe("The times and sizes of operators", () => {
  const chunks = { a: Buffer.from("a"), b: Buffer.from("b") };
  const timely: Readonly<Record<string, (test: TestScheduler) => MonoTypeOperatorFunction<Buffer>>> = {
    "delayBytes, as its argument": (test) => delayBytes("5ms", test),
    "delayBytes, as the result of its function": (test) => delayBytes(() => "5ms", test),
    "throttleBytes, as the result of its function": (test) => throttleBytes(() => "5ms", test),
  };
  for (const [what, operator] of Object.entries(timely))
    it(`may be texts for ${what}`, () => {
      const test = new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected));
      test.run(({ cold, expectObservable }) => {
        expectObservable(cold("a------b|", chunks).pipe(operator(test))).toBe("-----a------(b|)", chunks);
      });
    });

  it("may be a text for hold", () => {
    const tight: number[] = [];
    const flow: HoldTarget = {
      swapping: false,
      held: (_bytes, step) => void tight.push(step),
      onHurry: () => undefined,
      turn: (emit) => {
        emit();
      },
      offer: () => true,
    };
    const grip = holdingThrough(flow, () => hold("1KiB"));
    grip.acquire(1024);
    grip.acquire(1);
    expect(tight).to.deep.equal([0, 1]);
  });

  for (const wrong of [Number.NaN, -1, "soon", "5", null, {}] as never[])
    it(`are refused with a code if they are wrong: ${JSON.stringify(wrong)}`, () => {
      expect(refusalOf(() => delayBytes(wrong))).to.equal("SLUICE_PLUGIN_ARGUMENT");
      expect(refusalOf(() => hold(wrong))).to.equal("SLUICE_PLUGIN_ARGUMENT");
      expect(refusalOf(() => throttleBytes(wrong))).to.equal("SLUICE_PLUGIN_ARGUMENT");
    });

  for (const wrong of [Number.NaN, "soon", undefined, null] as never[])
    it(`end the flow with a code if a function returned a wrong one: ${String(wrong)}`, async () => {
      for (const operator of [delayBytes(() => wrong), throttleBytes(() => wrong)]) {
        const ended = lastValueFrom(of(chunks.a).pipe(operator, toArray()));
        expect(await ended.catch(codeOf)).to.equal("SLUICE_PLUGIN_ARGUMENT");
      }
    });

  it("may be a time that has passed, from a function, and never", async () => {
    const passed = of(chunks.a, chunks.b).pipe(
      throttleBytes(() => -1),
      delayBytes(() => -0.1),
      toArray(),
    );
    expect(await lastValueFrom(passed)).to.deep.equal([chunks.a, chunks.b]);
    expect(refusalOf(() => [delayBytes(Infinity), hold(Infinity)])).to.equal("accepted");
  });
});
