import { expect } from "chai";
import { concat, EMPTY, firstValueFrom, lastValueFrom, map, Observable, of, tap, throwError, toArray } from "rxjs";
import { SluiceError } from "sluice";
import type { OnError, ResolvedUse } from "sluice";
import { blameOf } from "../../../core/flow/chain/fault.ts";
import { guardHook, type Hook } from "../../../core/pipeline/guard-hook.ts";
import { plugin } from "../../support/with-proxy.ts";

const use = (onError: OnError): ResolvedUse => ({ name: "shaky", path: "plugins[0]", use: plugin("shaky", {}, { onError }), options: {} });

/** Runs a hook on a source of one value; notes what was reported and how often the source was asked. */
async function run(
  hook: Hook<number, unknown>,
  onError: OnError,
  check: (value: number) => void = () => undefined,
): Promise<{ values: number[]; error: unknown; reports: string[]; asked: number }> {
  const reports: string[] = [];
  let asked = 0;
  const source = new Observable<number>((subscriber) => {
    asked += 1;
    subscriber.next(1);
    subscriber.complete();
  });
  const guarded = guardHook(hook, use(onError), check, (name, { code }) => void reports.push(`${name} ${code}`));
  const values: number[] = [];
  const error: unknown = await lastValueFrom(guarded(source, undefined).pipe(tap((value) => values.push(value)))).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { values, error, reports, asked };
}

const boom = (): never => {
  throw new Error("boom");
};
const faults: Readonly<Record<string, Hook<number, unknown>>> = {
  "throws while it is set up": boom,
  "throws on a value": (source) => source.pipe(map(boom)),
  "fails before it asks": () => throwError(() => new Error("boom")),
  "returns no Observable": () => undefined as never,
};

describe("a guarded hook", () => {
  for (const [name, hook] of Object.entries(faults)) {
    it(`is the plugin's fault when it ${name}`, async () => {
      const { values, error, reports } = await run(hook, "close");
      expect([values, reports]).to.deep.equal([[], []]);
      expect(error).to.be.instanceOf(SluiceError).with.property("code", "SLUICE_PLUGIN_FAILED");
      expect(blameOf(error)).to.equal("shaky");
    });

    it(`is as if it were not there with onError "bypass" when it ${name}: the source is subscribed to once`, async () => {
      expect(await run(hook, "bypass")).to.deep.equal({ values: [1], error: undefined, reports: ["shaky SLUICE_PLUGIN_FAILED"], asked: 1 });
    });
  }

  it("passes a SluiceError on as an answer, whatever onError says", async () => {
    const answer = new SluiceError("SLUICE_RATE_LIMITED", "slow down");
    for (const onError of ["close", "bypass"] as const) {
      const { values, error, reports } = await run(() => throwError(() => answer), onError);
      expect([values, error, reports]).to.deep.equal([[], answer, []]);
      expect(blameOf(error)).to.equal(undefined);
    }
  });

  it("checks every emission", async () => {
    const even = (value: number): void => {
      if (value % 2 !== 0) throw new TypeError("odd");
    };
    expect((await run((source) => source.pipe(map((value) => value)), "close", even)).error).to.have.property(
      "code",
      "SLUICE_PLUGIN_FAILED",
    );
    expect(await run(() => of(2, 4), "close", even)).to.deep.include({ values: [2, 4], error: undefined });
  });

  it("lets a hook answer by itself, several times, or with nothing", async () => {
    expect((await run((source) => concat(of(0), source), "close")).values).to.deep.equal([0, 1]);
    const nothing = guardHook(
      (): Observable<number> => EMPTY,
      use("close"),
      () => undefined,
      () => undefined,
    );
    expect(await firstValueFrom(nothing(of(1), undefined).pipe(toArray()))).to.deep.equal([]);
  });
});
