import { expect } from "chai";
import type { ConfigLoader, LoadedConfig } from "../../../../core/config/load/config-loader.ts";
import { KnownLoads } from "../../../../core/workers/member/known-loads.ts";
import type { GenerationOrder } from "../../../../core/workers/wire/calls.ts";

describe("The configs that a worker knows", () => {
  const happened: string[] = [];
  beforeEach(() => void happened.splice(0));

  /** Counts its loads. */
  const loader = (): Pick<ConfigLoader, "load"> => {
    let count = 0;
    return {
      load: () => {
        const name = `load ${(count += 1)}`;
        happened.push(name);
        const loaded = {
          config: { file: name },
          settle: () => happened.push(`${name} settled`),
          retire: () => happened.push(`${name} retired`),
        };
        return Promise.resolve(loaded as unknown as LoadedConfig);
      },
    };
  };
  const order = (load: number): GenerationOrder => ({ load }) as GenerationOrder;

  it("are evaluated once, however often a generation of them is ordered", async () => {
    const [known, from] = [new KnownLoads(), loader() as ConfigLoader];
    const first = await known.of(from, order(1), undefined);
    expect(await known.of(from, order(1), undefined)).to.equal(first);
    expect(await known.of(from, order(2), undefined)).to.not.equal(first);
    expect(happened).to.deep.equal(["load 1", "load 2"]);
  });

  it("are settled and forgotten, except those of generations that are kept", async () => {
    const [known, from] = [new KnownLoads(), loader() as ConfigLoader];
    const { config } = await known.of(from, order(1), undefined);
    await known.of(from, order(2), undefined);
    known.keepOnly(new Set([config]));
    expect(happened.slice(2)).to.deep.equal(["load 1 settled", "load 2 settled", "load 2 retired"]);
    await known.of(from, order(1), undefined);
    await known.of(from, order(2), undefined);
    expect(happened.slice(5)).to.deep.equal(["load 3"]);
  });
});
