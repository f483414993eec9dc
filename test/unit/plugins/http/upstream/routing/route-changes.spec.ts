import { expect } from "chai";
import { httpSchema, type RouteOptions } from "../../../../../../plugins/http/exchange/options.ts";
import {
  bare,
  seenLocation,
  seenPath,
  seenRefresh,
  strippedPrefix,
  type RouteChanges,
} from "../../../../../../plugins/http/upstream/routing/route-changes.ts";
import { seenCookie } from "../../../../../../plugins/http/upstream/routing/seen-cookies.ts";

const route = (options: object): RouteOptions => httpSchema.parse({ routes: [options] }).routes[0] as RouteOptions;
const changes = (more: Partial<RouteChanges> = {}): RouteChanges => ({
  path: "/old",
  rewrite: "/new",
  scheme: "https",
  authority: "shop.example.com:8443",
  upstream: ["backend.internal:3000", "127.0.0.1:3000"],
  ...more,
});

describe("a path without slashes at its end", () => {
  it("keeps all others, and is found in one go", () => {
    expect(["/a//", "//", "", "/a/b"].map(bare)).to.deep.equal(["/a", "", "", "/a/b"]);
    const said = `${"/".repeat(1_000_000)}x`;
    expect(bare(said)).to.equal(said);
  });
});

describe("What a route changed", () => {
  it("in a path is undone, in whole segments", () => {
    const both = { path: "/old", rewrite: "/new" };
    for (const [given, seen] of [
      ["/new", "/old"],
      ["/new/", "/old/"],
      ["/new/a?b#c", "/old/a?b#c"],
      ["/new?b", "/old?b"],
      ["/newer", "/newer"],
      ["/", "/"],
    ])
      expect(seenPath(given ?? "", both)).to.equal(seen);
    const stripped = { path: "/app", rewrite: "/" };
    for (const [given, seen] of [
      ["/", "/app/"],
      ["/a/b", "/app/a/b"],
      ["/app/a", "/app/a"],
      ["/apple", "/app/apple"],
    ])
      expect(seenPath(given ?? "", stripped)).to.equal(seen);
    expect(seenPath("/base/a", { path: "/", rewrite: "/base" })).to.equal("/a");
    expect(seenPath("/base", { path: "/", rewrite: "/base" })).to.equal("/");
    expect(seenPath("/a", { path: "/a", rewrite: undefined })).to.equal("/a");
  });

  it("in a redirection is undone, and what leads elsewhere stays", () => {
    for (const [given, seen] of [
      ["/new/x", "/old/x"],
      ["http://backend.internal:3000/new/x?y#z", "https://shop.example.com:8443/old/x?y#z"],
      ["HTTP://BACKEND.internal:3000/new", "https://shop.example.com:8443/old"],
      ["http://127.0.0.1:3000/login", "https://shop.example.com:8443/login"],
      ["//127.0.0.1:3000/new/x", "//shop.example.com:8443/old/x"],
      ["http://shop.example.com:8443/new/x", "https://shop.example.com:8443/old/x"],
      ["https://shop.example.com:8443/new/x", "https://shop.example.com:8443/old/x"],
      ["http://127.0.0.1:3001/new/x", "http://127.0.0.1:3001/new/x"],
      ["https://elsewhere.test/new/x", "https://elsewhere.test/new/x"],
      ["http://user@127.0.0.1:3000/new/x", "http://user@127.0.0.1:3000/new/x"],
      ["x", "x"],
      ["../x", "../x"],
      ["?x", "?x"],
      ["", ""],
    ])
      expect(seenLocation(given ?? "", changes())).to.equal(seen, given);
    // A client that came without TLS may be sent on to it.
    expect(
      seenLocation("https://shop.example.com/x", changes({ scheme: "http", authority: "shop.example.com", rewrite: undefined })),
    ).to.equal("https://shop.example.com/x");
    // The port that a scheme has anyway.
    expect(seenLocation("https://back.test/new", changes({ upstream: ["back.test:443"] }))).to.equal("https://shop.example.com:8443/old");
    expect(seenRefresh("5; url=http://127.0.0.1:3000/new/x", changes())).to.equal("5; url=https://shop.example.com:8443/old/x");
    expect(seenRefresh("0;URL='/new'", changes())).to.equal("0;URL='/old'");
    expect(seenRefresh("5", changes())).to.equal("5");
  });

  it("has its removed prefix reported to the upstream", () => {
    const prefix = (path: string, rewrite?: string): string => strippedPrefix({ path, rewrite });
    expect(prefix("/app", "/")).to.equal("/app");
    expect(prefix("/app/", "/")).to.equal("/app");
    expect(prefix("/app/v1", "/v1")).to.equal("/app");
    expect([prefix("/app", "/new"), prefix("/app"), prefix("/", "/x"), prefix("/app", "/app"), prefix("/xapp", "/app")]).to.deep.equal(
      Array.from({ length: 5 }, () => ""),
    );
  });

  it("in cookies is undone, or said otherwise", () => {
    const seen = (cookie: string, cookies: object, more: Partial<RouteChanges> = {}): string =>
      seenCookie(cookie, route({ cookies }).cookies, changes(more));
    const both = { domain: "rewrite", path: "rewrite" };
    expect(seen("a=1; Domain=backend.internal; Path=/new/x; Secure", both)).to.equal("a=1; Domain=shop.example.com; Path=/old/x; Secure");
    expect(seen("a=1; domain=.internal; path=/", both)).to.equal("a=1; domain=shop.example.com; path=/");
    expect(seen("a=1;Path=/;HttpOnly", both, { rewrite: "/" })).to.equal("a=1; Path=/old;HttpOnly");
    expect(seen("a=1; Domain=other.test; Path=/else", both)).to.equal("a=1; Domain=other.test; Path=/else");
    expect(seen("a=1; Domain=backend.internal", both, { authority: "localhost:8443" })).to.equal("a=1");
    expect(seen("a=1; Domain=backend.internal", both, { authority: "127.0.0.1:8443" })).to.equal("a=1");
    expect(seen("a=1; Domain=backend.internal; Path=/new", { domain: "example.org", path: "/z" })).to.equal(
      "a=1; Domain=example.org; Path=/z",
    );
    expect(seen("a=1; Domain=backend.internal", { domain: "" })).to.equal("a=1");
    expect(seen("a=domain=x; Path=/new", { domain: "rewrite" })).to.equal("a=domain=x; Path=/new");
    // It is nothing without them.
    expect(seen("__Host-a=1; Secure; Path=/", both, { rewrite: "/" })).to.equal("__Host-a=1; Secure; Path=/");
    expect(seen("a=1; Domain=backend.internal; Path=/new", {})).to.equal("a=1; Domain=backend.internal; Path=/new");
  });

  it("is refused where it is none", () => {
    for (const wrong of [{ location: "undo" }, { cookies: { domain: "a b" } }, { cookies: { path: "x" } }, { cookies: { paths: "/" } }])
      expect(httpSchema.safeParse({ routes: [wrong] }).success).to.equal(false);
  });
});
