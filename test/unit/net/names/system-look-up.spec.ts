import { expect } from "chai";
import { systemLookUp } from "../../../../core/net/names/system-look-up.ts";

describe("systemLookUp", () => {
  it("finds a name that the system knows, without a time to live", async () => {
    const found = await systemLookUp("localhost");
    expect(found).to.not.deep.equal([]);
    for (const { address, family, ttl } of found) {
      expect(address).to.be.oneOf(["127.0.0.1", "::1"]);
      expect([family, ttl]).to.deep.equal([address === "::1" ? 6 : 4, 0]);
    }
  });
});
