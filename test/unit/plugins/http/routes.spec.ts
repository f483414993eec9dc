import { expect } from "chai";
import { httpSchema, type RouteOptions } from "../../../../plugins/http/options.ts";
import { rewritten, Routes } from "../../../../plugins/http/routes.ts";

const parsed = (routes: object[]): readonly RouteOptions[] => httpSchema.parse({ routes }).routes;

describe("The routes of http()", () => {
  const routes = new Routes(
    parsed([
      {},
      { path: "/api" },
      { path: "/api/v2/" },
      { path: "/api", method: ["post", "PUT"] },
      { host: "*.example.test" },
      { host: "*.b.example.test" },
      { host: "A.b.example.test" },
      { host: "a.b.example.test", path: "/x" },
    ]),
  );
  const find = (host: string, url: string, method = "GET"): number => routes.find({ host, url, method });

  it("are found by their path, the longest first, in whole segments", () => {
    expect(find("h", "/")).to.equal(0);
    expect(find("h", "/apix")).to.equal(0);
    expect(find("h", "/api")).to.equal(1);
    expect(find("h", "/api?x=/v2")).to.equal(1);
    expect(find("h", "/api/v2")).to.equal(2);
    expect(find("h", "/api/v2/x")).to.equal(2);
    expect(find("h", "/api/v22")).to.equal(1);
  });

  it("are found by their method, before those for any", () => {
    expect(find("h", "/api", "POST")).to.equal(3);
    expect(find("h", "/api", "DELETE")).to.equal(1);
  });

  it("are found by their host before all: the name, then the longest wildcard", () => {
    expect(find("a.b.example.test", "/api")).to.equal(6);
    expect(find("a.b.example.test", "/x/y")).to.equal(7);
    expect(find("c.b.example.test", "/x")).to.equal(5);
    expect(find("b.example.test", "/api")).to.equal(4);
    expect(find("example.test", "/api")).to.equal(1);
  });

  it("may be none", () => {
    expect(new Routes(parsed([{ path: "/a" }])).find({ host: "h", url: "/", method: "GET" })).to.equal(-1);
  });

  it("rewrite the path's beginning, and keep the rest and the query", () => {
    const rewrite = (path: string, to: string, url: string): string => rewritten(url, { path, rewrite: to });
    expect(rewrite("/old", "/new", "/old/x?y=/old")).to.equal("/new/x?y=/old");
    expect(rewrite("/old/", "/new/", "/old?y")).to.equal("/new?y");
    expect(rewrite("/old", "/", "/old")).to.equal("/");
    expect(rewrite("/old", "/", "/old?y")).to.equal("/?y");
    expect(rewrite("/", "/base", "/x")).to.equal("/base/x");
  });

  it("are refused where two are for the same requests, a host is none, or a path does not begin with a slash", () => {
    const wrong = (routesOf: object[]): string =>
      httpSchema
        .safeParse({ routes: routesOf })
        .error?.issues.map(({ path }) => path.join("."))
        .join() ?? "";
    expect(wrong([{ host: "A" }, { path: "/x" }, { host: "a" }])).to.equal("routes.2");
    expect(wrong([{ host: "a b" }])).to.equal("routes.0.host");
    expect(wrong([{ path: "x" }])).to.equal("routes.0.path");
    expect(wrong([{ upstream: "nowhere" }])).to.equal("routes.0.upstream");
    expect(wrong([{ headers: { set: { "x y": "1" } } }])).to.include("routes.0.headers.set");
    expect(wrong([{ headers: { set: { x: "a\nb" } } }])).to.equal("routes.0.headers.set.x");
    expect(wrong([{ route: 1 }])).to.equal("routes.0");
  });
});
