import { expect } from "chai";
import { searched } from "../../../../core/net/names/search-list.ts";

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** What is asked for a name that `known` gives failures for, or an answer. */
async function run(name: string, search: readonly string[], ndots: number, known: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const answer = await searched(name, { search, ndots }, async (each) => {
    asked.push(each);
    const says = known[each] ?? "ENOTFOUND";
    if (says !== "found") throw failure(says);
    return each;
  }).catch((error: { code: string }) => error.code);
  return { asked, answer };
}

describe("the search list", () => {
  for (const [what, name, ndots, known, asked, answer] of [
    ["a name of one label, with the domains first", "api", 1, {}, ["api.a", "api.b", "api"], "ENOTFOUND"],
    ["a name with as many dots as ndots, as it is first", "api.prod", 1, {}, ["api.prod", "api.prod.a", "api.prod.b"], "ENOTFOUND"],
    ["a name with fewer dots, as it is last", "api.prod", 5, {}, ["api.prod.a", "api.prod.b", "api.prod"], "ENOTFOUND"],
    ["an absolute name, as it is", "api.prod.", 5, {}, ["api.prod"], "ENOTFOUND"],
    ["no further than an answer", "api", 1, { "api.a": "found" }, ["api.a"], "api.a"],
    ["past a domain without records", "api", 1, { "api.a": "ENODATA", "api.b": "found" }, ["api.a", "api.b"], "api.b"],
    ["past a server that failed", "api", 1, { "api.a": "ESERVFAIL", "api.b": "found" }, ["api.a", "api.b"], "api.b"],
    ["not past a server that kept silent, but for the name as it is", "api", 1, { "api.a": "ETIMEOUT" }, ["api.a", "api"], "ENOTFOUND"],
    [
      "past a name that failed as it is",
      "api.prod",
      1,
      { "api.prod": "ETIMEOUT", "api.prod.a": "found" },
      ["api.prod", "api.prod.a"],
      "api.prod.a",
    ],
    [
      "with the failure of the name as it is",
      "api.prod",
      1,
      { "api.prod": "ESERVFAIL" },
      ["api.prod", "api.prod.a", "api.prod.b"],
      "ESERVFAIL",
    ],
    ["with the failure that says most", "api", 1, { "api.a": "ESERVFAIL", "api.b": "ENODATA" }, ["api.a", "api.b", "api"], "ENODATA"],
  ] as const) {
    it(`asks for ${what}`, async () => {
      expect(await run(name, ["a", "b."], ndots, known)).to.deep.equal({ asked, answer });
    });
  }

  it("takes the root among its domains for the name as it is", async () => {
    expect((await run("api", [".", "a"], 1)).asked).to.deep.equal(["api", "api.a"]);
  });

  it("leaves out names that are too long", async () => {
    expect((await run("x".repeat(60), ["y".repeat(200), "a"], 1)).asked).to.deep.equal([`${"x".repeat(60)}.a`, "x".repeat(60)]);
  });
});
