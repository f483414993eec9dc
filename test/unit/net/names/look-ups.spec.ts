import { expect } from "chai";
import { firstValueFrom, of } from "rxjs";
import type { Address } from "../../../../core/contract/index.ts";
import { LookUps } from "../../../../core/net/names/look-ups.ts";

const answer: Address[] = [{ address: "10.0.0.1", family: 4, ttl: 600 }];

describe("The look-ups of a listener", () => {
  /** Look-ups that note what was asked, and a version that a test may change. */
  const start = (): { readonly ask: (name: string) => Promise<boolean>; version: string } => {
    const state = { version: "1", ask: (name: string): Promise<boolean> => asked(name) };
    let last = false;
    const lookUps = new LookUps(
      (_name, fresh) => {
        last = fresh;
        return of(answer);
      },
      false,
      () => state.version,
    );
    const asked = async (name: string): Promise<boolean> => {
      await firstValueFrom(lookUps.resolve(name));
      return last;
    };
    return state;
  };

  it("ask each name once afresh when the system's files have changed, so that a plugin's memory is not used either", async () => {
    const state = start();
    expect([await state.ask("a.test"), await state.ask("b.test")]).to.deep.equal([false, false]);
    state.version = "2";
    expect([await state.ask("a.test"), await state.ask("a.test"), await state.ask("b.test")]).to.deep.equal([true, false, true]);
    state.version = "3";
    expect([await state.ask("a.test"), await state.ask("a.test")]).to.deep.equal([true, false]);
  });
});
