import { expect } from "chai";
import { SluiceError } from "../../../../core/contract/index.ts";

describe("a SluiceError", () => {
  it("has its place, its detail, its code and its help in the message", () => {
    const error = new SluiceError("SLUICE_UPSTREAM_REFUSED", "upstream a:1 refused", { where: "proxy.config.ts: listeners.web" });
    expect(error.message).to.match(/^proxy\.config\.ts: listeners\.web: upstream a:1 refused \(SLUICE_UPSTREAM_REFUSED: .+\)$/);
    expect([error.source, error.retryable, error.detail]).to.deep.equal(["upstream", true, "upstream a:1 refused"]);
  });

  it("takes a place if it has none, and keeps the one that it has", () => {
    const cause = new Error("below");
    const bare = new SluiceError("SLUICE_CONFIG_INVALID", "wrong", { cause });
    const placed = bare.at("a.ts:1:2");
    expect([placed.where, placed.detail, placed.cause]).to.deep.equal(["a.ts:1:2", "wrong", cause]);
    expect(placed.at("b.ts:3:4")).to.equal(placed);
  });

  it("is recognised across copies of the package, and nothing else is", () => {
    expect(SluiceError.is(new SluiceError("SLUICE_CLOSED", "closed"))).to.equal(true);
    expect(SluiceError.is({ [Symbol.for("sluice.error")]: true })).to.equal(true);
    for (const other of [new Error("SLUICE_CLOSED"), null, undefined, "SLUICE_CLOSED", {}]) expect(SluiceError.is(other)).to.equal(false);
  });
});
