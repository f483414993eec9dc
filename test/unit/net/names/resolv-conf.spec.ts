import { expect } from "chai";
import { parseResolvConf } from "../../../../core/net/names/resolv-conf.ts";

const defaults = { servers: [], search: [], ndots: 1, timeout: undefined, attempts: 2, rotate: false };

describe("resolv.conf", () => {
  for (const [what, text, expected] of [
    ["nothing", "", {}],
    [
      "three servers at most",
      "nameserver 10.0.0.1\nnameserver\t::1\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n",
      { servers: ["10.0.0.1", "::1", "10.0.0.3"] },
    ],
    [
      "comments, blanks and what is no address",
      "# nameserver 10.0.0.1\n;search a\nnameserver dns.test\nnameserver 10.0.0.2  \r\n",
      { servers: ["10.0.0.2"] },
    ],
    ["the last of search and domain", "domain one.test\nsearch a.test\tb.test\n", { search: ["a.test", "b.test"] }],
    ["a domain after a search list", "search a.test b.test\ndomain one.test ignored\n", { search: ["one.test"] }],
    [
      "options, on several lines",
      "options ndots:5 rotate\noptions timeout:1 attempts:4\n",
      { ndots: 5, rotate: true, timeout: 1_000, attempts: 4 },
    ],
    ["options beyond what the C library takes", "options ndots:99 timeout:99 attempts:99\n", { ndots: 15, timeout: 30_000, attempts: 5 }],
    ["options of 0", "options ndots:0 timeout:0 attempts:0\n", { ndots: 0, timeout: 1_000, attempts: 1 }],
    ["options that are none", "options ndots:x debug timeout rotated\n", {}],
  ] as const) {
    it(`is read as glibc reads it: ${what}`, () => {
      expect(parseResolvConf(text)).to.deep.equal({ ...defaults, ...expected });
    });
  }

  it("gives way to LOCALDOMAIN, and is added to by RES_OPTIONS", () => {
    const found = parseResolvConf("search a.test\noptions ndots:2 attempts:3", { LOCALDOMAIN: "b.test c.test", RES_OPTIONS: "ndots:4" });
    expect(found).to.deep.equal({ ...defaults, search: ["b.test", "c.test"], ndots: 4, attempts: 3 });
  });

  it("searches the domain of the machine where nothing is said", () => {
    expect(parseResolvConf("", {}, "box.corp.test").search).to.deep.equal(["corp.test"]);
    expect(parseResolvConf("search a.test", {}, "box.corp.test").search).to.deep.equal(["a.test"]);
    expect(parseResolvConf("", {}, "box").search).to.deep.equal([]);
  });
});
