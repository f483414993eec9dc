import { expect } from "chai";
import { generated, withTable } from "../support/admin-docs.ts";
import { readText } from "../support/repository.ts";

describe("the generated tables", () => {
  for (const each of generated)
    it(`of ${each.page} agree with the code (else: node dist/test/setup/admin-docs.js)`, () => {
      const text = readText(each.page);
      expect(withTable(text, each)).to.equal(text);
    });
});
