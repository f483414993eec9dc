import { expect } from "chai";
import { withoutUserInfo } from "../../../../core/contract/errors/secrets.ts";

describe("the user information of URLs in a text", () => {
  it("is hidden, and the rest stays", () => {
    const said = "to postgres://ann:secret@db:5432/shop, not http://localhost/a@b nor ann@example.test";
    expect(withoutUserInfo(said)).to.equal("to postgres://***@db:5432/shop, not http://localhost/a@b nor ann@example.test");
  });

  // A search that goes back over what it has seen would take minutes.
  for (const part of ["a", "a.", "a-", "a://", "://a"])
    it(`is searched in one go, also in much of ${JSON.stringify(part)}`, () => {
      const said = part.repeat(Math.ceil(1_000_000 / part.length));
      expect(withoutUserInfo(said)).to.equal(said);
    }).timeout(20_000);
});
