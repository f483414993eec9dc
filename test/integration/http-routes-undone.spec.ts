import { expect } from "chai";
import type { RequestListener } from "node:http";
import { tlsTermination } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { plugin } from "../support/with-proxy.ts";

/** Redirects to itself, by the Host that it was asked for, or by its own address, and sets cookies for it. */
const redirecting: RequestListener = ({ url, headers, socket }, response) => {
  const host = url?.includes("own") === true ? `127.0.0.1:${socket.localPort}` : headers.host;
  response.writeHead(302, {
    location: `http://${host}/v2/next?x=1`,
    "content-location": "/v2/here",
    "set-cookie": [`a=1; Domain=${(host ?? "").split(":")[0]}; Path=/v2`, "b=2; Path=/v2/deep; HttpOnly"],
    "x-asked": [url ?? "", String(headers["x-forwarded-prefix"])],
  });
  response.end();
};
const undoing = { location: "rewrite", cookies: { domain: "rewrite", path: "rewrite" } } as const;

describe("A route that undoes its changes", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("gives the client redirects to the right path, and cookies that it sends back", async () => {
    const upstream = await startHttpUpstream(cleanup, redirecting);
    const { port } = await startHttpProxy(cleanup, {
      routes: [
        { path: "/shop", rewrite: "/v2", upstream: upstream.endpoint, headers: { set: { host: "backend.test" } }, ...undoing },
        { path: "/kept", rewrite: "/v2", upstream: upstream.endpoint, headers: { set: { host: "backend.test" } } },
      ],
    });
    const host = `www.shop.test:${port()}`;
    for (const path of ["/shop/x", "/shop/own"]) {
      const { headers } = await ask(port(), { path, headers: { host } });
      expect(headers.location).to.equal(`http://${host}/shop/next?x=1`);
      expect(headers["content-location"]).to.equal("/shop/here");
      expect(headers["set-cookie"]).to.deep.equal(["a=1; Domain=www.shop.test; Path=/shop", "b=2; Path=/shop/deep; HttpOnly"]);
    }
    const kept = await ask(port(), { path: "/kept/x", headers: { host } });
    expect(kept.headers.location).to.equal("http://backend.test/v2/next?x=1");
    expect(kept.headers["set-cookie"]?.[0]).to.equal("a=1; Domain=backend.test; Path=/v2");
  });

  it("works over TLS, on HTTP/2, behind a trusted proxy, and if a hook changed Host", async () => {
    const upstream = await startHttpUpstream(cleanup, redirecting);
    const routes = [{ path: "/shop", rewrite: "/v2", upstream: upstream.endpoint, ...undoing }];
    const meddling = plugin("meddling", {
      exchange: (attempt, request) => {
        request.headers["host"] = "hook.test";
        return attempt;
      },
    });
    const before = [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] }), meddling];
    const { port } = await startHttpProxy(
      cleanup,
      { routes, trustedProxies: ["127.0.0.1"] },
      { before, listener: { listen: "tls://127.0.0.1:0" } },
    );
    const one = await ask(port(), { secure: true, path: "/shop", headers: { host: "a.test:8443" } });
    expect(one.headers.location).to.equal("https://a.test:8443/shop/next?x=1");
    const two = await askOn(openHttp2(cleanup, port(), "https"), { ":path": "/shop", ":authority": "b.test" });
    expect(two.headers.location).to.equal("https://b.test/shop/next?x=1");
    const behind = await ask(port(), {
      secure: true,
      path: "/shop",
      headers: { host: "inner", "x-forwarded-host": "outer.test", "x-forwarded-proto": "http" },
    });
    expect(behind.headers.location).to.equal("http://outer.test/shop/next?x=1");
  });

  it("sends the upstream the prefix that it removes, but no prefix that an untrusted client sent", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const routes = [
      { path: "/app/v1", rewrite: "/v1", upstream: upstream.endpoint },
      { path: "/app", rewrite: "/", upstream: upstream.endpoint },
      { path: "/else", rewrite: "/other", upstream: upstream.endpoint },
      { path: "/", upstream: upstream.endpoint },
    ];
    const said = { "x-forwarded-prefix": "/outer/" };
    const prefixes = async (trustedProxies: string[]): Promise<unknown[]> => {
      const { port } = await startHttpProxy(cleanup, { routes, trustedProxies });
      const told = await Promise.all(
        ["/app/v1/x", "/app/x", "/else/x", "/x"].map(async (path) => (await ask(port(), { path, headers: said })).told),
      );
      return told.map(({ url, headers }) => [url, headers["x-forwarded-prefix"]]);
    };
    expect(await prefixes([])).to.deep.equal([
      ["/v1/x", "/app"],
      ["/x", "/app"],
      ["/other/x", undefined],
      ["/x", undefined],
    ]);
    expect(await prefixes(["127.0.0.1"])).to.deep.equal([
      ["/v1/x", "/outer/app"],
      ["/x", "/outer/app"],
      ["/other/x", "/outer/"],
      ["/x", "/outer/"],
    ]);
  });
});
