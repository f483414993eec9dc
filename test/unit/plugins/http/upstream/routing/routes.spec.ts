import { array, assert as assertAlways, constantFrom, property, record } from "fast-check";
import { expect } from "chai";
import { normalPath } from "../../../../../../plugins/http/message/normal-path.ts";
import { httpSchema, type RouteOptions } from "../../../../../../plugins/http/exchange/options.ts";
import { rewritten, Routes } from "../../../../../../plugins/http/upstream/routing/routes.ts";

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

  it("have hosts in any spelling: names that are not ASCII, with a final dot, and IPv6 addresses in any form", () => {
    const hosts = ["Café.test", "*.bücher.test", "two.test.", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"];
    const asked = hosts.map((host) => parsed([{ host }])[0]?.host);
    expect(asked).to.deep.equal(["xn--caf-dma.test", "*.xn--bcher-kva.test", "two.test", "[::1]", "[::ffff:7f00:1]"]);
  });

  it("are found among thousands", () => {
    const many = Array.from({ length: 5_000 }, (_, at) => ({
      path: `/service-${at}/v1`,
      ...(at % 2 === 0 ? {} : { host: `h${at}.test` }),
    }));
    const index = new Routes(parsed([...many, { host: "*.test", path: "/" }]));
    const at = (asked: string, url: string): number => index.find({ host: asked, url, method: "GET" });
    expect(at("h4999.test", "/service-4999/v1/x?y")).to.equal(4_999);
    expect(at("h4998.test", "/service-4998/v1")).to.equal(5_000);
    expect(at("other", "/service-4998/v1/")).to.equal(4_998);
    expect(at("other", "/service-4997/v1/")).to.equal(-1);
  });

  it("are found as a walk over all of them, the most specific first, would find them", () => {
    const host = constantFrom(undefined, "a.test", "b.a.test", "*.test", "*.a.test");
    const path = constantFrom("/", "/a", "/a/", "/a/b", "//a/b", "/%61/b", "/a/b/c", "/é", "/%c3%a9/x");
    const method = constantFrom(undefined, "GET", ["GET", "POST"]);
    const route = record({ host, path, method });
    const url = constantFrom("/", "/a", "/a?b", "/a//b/c", "/%61/b", "/A", "/ab", "/%C3%A9/x", "/\u00c3\u00a9", "*");
    assertAlways(
      property(
        array(route, { minLength: 1, maxLength: 12 }),
        constantFrom("a.test", "b.a.test", "c.b.a.test", "test", ""),
        url,
        constantFrom("GET", "POST", "PUT"),
        (given, asked, target, verb) => {
          const valid = httpSchema.safeParse({
            routes: given.map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined))),
          });
          if (!valid.success) return;
          const all = valid.data.routes;
          const segments = (text: string): string[] =>
            normalPath(text.split("?")[0] ?? "")
              .split("/")
              .filter((each) => each !== "");
          const hostRank = (name: string | undefined): number => (name === undefined ? 0 : name.startsWith("*") ? name.length : 1_000);
          const wanted = segments(target === "*" ? "/" : target);
          const fitting = all.filter((each) => {
            const isOf = each.host === undefined || (each.host.startsWith("*") ? asked.endsWith(each.host.slice(1)) : asked === each.host);
            const isBelow = segments(each.path).every((segment, at) => wanted[at] === segment);
            return isOf && isBelow && (each.method === undefined || [each.method].flat().includes(verb));
          });
          const best = fitting.toSorted(
            (a, b) =>
              hostRank(b.host) - hostRank(a.host) ||
              segments(b.path).length - segments(a.path).length ||
              Number(b.method !== undefined) - Number(a.method !== undefined) ||
              all.indexOf(a) - all.indexOf(b),
          )[0];
          expect(new Routes(all).find({ host: asked, url: target, method: verb })).to.equal(best === undefined ? -1 : all.indexOf(best));
        },
      ),
      { numRuns: 500 },
    );
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
    expect(wrong([{ host: "[::1]" }, { host: "[::0001]" }])).to.equal("routes.1");
    expect(wrong([{ method: "get" }, { method: "GET" }])).to.equal("routes.1");
    for (const host of ["a b", "a.test:80", "*.a.test:", "[::1]:80", "::1", "[:::]", "é.test:1", "*", ""])
      expect(wrong([{ host }]), host).to.equal("routes.0.host");
    for (const path of ["x", "/a/../b", "/."]) expect(wrong([{ path }]), path).to.equal("routes.0.path");
    expect(wrong([{ upstream: "nowhere" }])).to.equal("routes.0.upstream");
    expect(wrong([{ headers: { set: { "x y": "1" } } }])).to.include("routes.0.headers.set");
    expect(wrong([{ headers: { set: { x: "a\nb" } } }])).to.equal("routes.0.headers.set.x");
    expect(wrong([{ route: 1 }])).to.equal("routes.0");
  });
});
