import { expect } from "chai";
import { httpSchema } from "../../../../../plugins/http/exchange/options.ts";

describe("The options of http()", () => {
  const network = 'expected an address or a network such as "10.0.0.0/8"';

  for (const [what, options, path, message] of [
    ["a network with too long a prefix", { trustedProxies: ["10.0.0.0/33"] }, "trustedProxies.0", network],
    ["an address that is none", { trustedProxies: ["10.0.0.256"] }, "trustedProxies.0", network],
    ["a network of IPv6 with too long a prefix", { trustedProxies: ["::1", "fd00::/129"] }, "trustedProxies.1", network],
    ["a method that is no token", { routes: [{ method: "FETCH IT" }] }, "routes.0.method", 'expected a method such as "GET"'],
    ["a path with an asterisk", { routes: [{ path: "/api/*" }] }, "routes.0.path", '"/api" also matches all paths below it'],
  ] as const) {
    it(`refuse ${what}, with its place`, () => {
      const issues = httpSchema.safeParse(options).error?.issues ?? [];
      expect(issues.map((issue) => issue.path.join("."))).to.deep.equal([path]);
      expect(JSON.stringify(issues).replaceAll("\\", "")).to.include(message);
    });
  }

  it("may trust no proxy, networks of both families, and the proxies that connect to a unix listener", () => {
    for (const trustedProxies of [[], ["10.0.0.0/8", "::1", "fd00::/8", "unix"]])
      expect(httpSchema.parse({ trustedProxies }).trustedProxies.texts).to.deep.equal(trustedProxies);
    expect(httpSchema.parse({}).trustedProxies.texts).to.deep.equal([]);
  });
});
