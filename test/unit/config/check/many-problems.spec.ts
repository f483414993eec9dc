import { expect } from "chai";
import { resolveConfig } from "../../../support/resolve-config.ts";

describe("a config with many mistakes", () => {
  const wrong = (count: number): (() => unknown) => {
    const names = Array.from({ length: count }, (_, index) => `listener-${index}`);
    return () => resolveConfig({ listeners: Object.fromEntries(names.map((name) => [name, { listen: "nowhere" }])) });
  };

  it("is refused with the first twenty of them, and the number of the others", () => {
    expect(wrong(20)).to.throw(/^(?:listeners\.listener-\d+\.listen: expected [^\n]*\n?){20}$/);
    expect(wrong(1000)).to.throw(
      /^(?:listeners\.listener-\d+\.listen: expected [^\n]*\n){20}and 980 more of them \(SLUICE_CONFIG_INVALID: [^\n]*$/,
    );
  });
});
