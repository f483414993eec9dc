import { expect } from "chai";
import { rateLimit } from "sluice/plugins";
import { defineConfig } from "../../../core/config/define-config.ts";

describe("defineConfig", () => {
  it("returns its argument, and types it", () => {
    const config = { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: ["a:1"], balance: "random" } } } } as const;
    expect(defineConfig(config)).to.equal(config);
    // @ts-expect-error an unknown option is a type error in the editor
    defineConfig({ listeners: {}, listners: {} });
    rateLimit({ connections: { rate: 1 }, bytes: { rate: "1MiB", burst: 4 } });
    // @ts-expect-error only bytes have a rate with a unit
    rateLimit({ connections: { rate: "1MiB" } });
  });
});
