import { expect } from "chai";
import { reasonOf, SluiceError } from "../../../../core/contract/index.ts";

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
    const brand = Symbol.for("sluice.error");
    expect(SluiceError.is({ [brand]: true, restated: () => undefined })).to.equal(true);
    for (const other of [new Error("SLUICE_CLOSED"), null, undefined, "SLUICE_CLOSED", {}, { [brand]: true }])
      expect(SluiceError.is(other)).to.equal(false);
  });

  it("has a bounded message, however long the text of what led to it", () => {
    const reason = reasonOf(new Error("x".repeat(5_000_000)));
    expect(reason)
      .to.have.length.below(5_000)
      .and.match(/^x+… \(5000000 characters\)$/);
  });
});
