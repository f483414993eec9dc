import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { talk, talkApart } from "../support/http-client.ts";
import { startHttpProxy, type HttpUse } from "../support/http-proxy.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { of } from "rxjs";
import { startUpstream } from "sluice/testing";
import { plugin } from "../support/with-proxy.ts";

/** As it goes over the wire: each character is an octet. */
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

describe("HTTP: request targets and their routes", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Asked {
    readonly status: number;
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly fields: string;
  }
  type Ask = (target: string, method?: string, host?: string) => Promise<Asked>;

  /** Node's server refuses what is beyond ASCII, so the upstream is one that gives back the header as it came. */
  const mirror = async (): Promise<string> => {
    const upstream = await startUpstream((socket) => {
      socket.once("data", (head: Buffer) => {
        socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\nConnection: close\r\n\r\n`), head]));
      });
    });
    cleanup.add(() => upstream.close());
    return upstream.endpoint;
  };

  const start = async (routes: (endpoint: string) => HttpUse["routes"]): Promise<Ask> => {
    const { port } = await startHttpProxy(cleanup, { routes: routes(await mirror()) });
    return async (target, method = "GET", host = "a.test") => {
      const answer = await talk(
        port(),
        Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, "latin1"),
        "latin1",
      );
      const told = answer.slice(answer.indexOf("\r\n\r\n") + 4);
      const [, asked, url] = /^(\S+) (.*) HTTP\/1\.1\r\n/.exec(told) ?? [];
      return { status: Number(answer.slice(9, 12)), method: asked, url, fields: told.toLowerCase() };
    };
  };

  for (const target of [
    "/a?file=C:\\dir",
    "/a|b",
    "/a\\b",
    '/"<>`{}^',
    utf8("/café"),
    utf8("/a?q=日本"),
    "/%C3%A9",
    "//a//b",
    "/a%2Fb",
    "/a%",
    "/~!$&'()*+,;=:@[]",
  ]) {
    it(`is passed on unchanged: ${target}`, async () => {
      const ask = await start((endpoint) => [{ upstream: endpoint }]);
      expect((await ask(target)).url).to.equal(target);
    });

    it(`is passed on unchanged over HTTP/2: ${target}`, async () => {
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: await mirror() }] });
      const { body } = await askOn(openHttp2(cleanup, port()), { ":path": target });
      expect(body.toString("latin1").split(" ")[1]).to.equal(target);
    });
  }

  for (const target of [
    "/a\u007f",
    "/a\u0001b",
    "/a#b",
    "a",
    "*",
    "/a/../b",
    "/a/%2e%2E",
    "/a\\..\\b",
    "/..",
    "/a/..%2Fb",
    "/a%5c..%5cb",
    "/a/..;x=1/b",
    "/a/%2E.;",
    "ftp://a/",
    "http://u@a.test/",
    "http:///a",
    "http://a b/",
  ]) {
    it(`is refused: ${JSON.stringify(target)}`, async () => {
      const ask = await start((endpoint) => [{ upstream: endpoint }]);
      expect((await ask(target)).status).to.equal(400);
    });
  }

  it("may be an absolute URL, whose authority replaces Host, for the routes and the forwarded request (RFC 9112 section 3.2.2)", async () => {
    const ask = await start((endpoint) => [{ host: "b.test", path: "/x", rewrite: "/y", upstream: endpoint }]);
    expect((await ask("/x/1")).status).to.equal(404);
    const told = await ask("http://B.test:81/x/1?q");
    expect(told.url).to.equal("/y/1?q");
    expect(told.fields)
      .to.include("\r\nhost: b.test:81\r\n")
      .and.include("\r\nx-forwarded-host: b.test:81\r\n")
      .and.include('forwarded: for=127.0.0.1;host="b.test:81";proto=http');
    expect((await ask("HTTPS://b.test/x")).url).to.equal("/y");
    expect((await ask("http://a.test/x", "GET", "b.test")).status).to.equal(404);
  });

  it("may be an absolute URL only next to one Host field that is valid or empty (RFC 9112 section 3.2)", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    for (const [host, status] of [
      ["a b", 400],
      ["a/b", 400],
      ["u@a", 400],
      ["a:99999", 400],
      ["", 200],
      ["other:8080", 200],
    ] as const) {
      const answer = await talk(port(), `GET http://a.test/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(answer, host).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });

  it("does not reach other hosts: the proxy is not a forward proxy", async () => {
    const upstream = await startHttpUpstream(cleanup, telling("own"));
    const other = await startHttpUpstream(cleanup, telling("other"));
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const answer = await talk(port(), `GET http://${other.endpoint}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer).to.include('"name":"own"');
    expect(other.connections).to.equal(0);
  });

  it("is an asterisk for OPTIONS, in any spelling", async () => {
    const ask = await start((endpoint) => [{ upstream: endpoint }]);
    for (const target of ["*", "http://a.test"]) {
      const told = await ask(target, "OPTIONS");
      expect([told.method, told.url]).to.deep.equal(["OPTIONS", "*"]);
      expect(told.fields).to.include("host: a.test\r\n");
    }
    expect((await ask("http://a.test")).url).to.equal("/");
    expect((await ask("http://a.test?q")).url).to.equal("/?q");
  });

  it("is also an asterisk when a body comes later, in both versions of HTTP", async () => {
    const proxy = await startHttpProxy(cleanup, { routes: [{ upstream: await mirror() }] });
    const head = "OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
    expect(await talkApart(proxy, [head, "0\r\n\r\n"])).to.include("\r\n\r\nOPTIONS * HTTP/1.1\r\n");
    const { body } = await askOn(openHttp2(cleanup, proxy.port()), { ":method": "OPTIONS", ":path": "*" }, Buffer.from("ab"));
    expect(body.toString("latin1")).to.match(/^OPTIONS \* HTTP/);
  });

  it("finds its route in any spelling, and is passed on as it was sent", async () => {
    const ask = await start((endpoint) => [
      { path: "/adm", rewrite: "/ü", upstream: endpoint },
      { path: "/café", upstream: endpoint },
      { path: "/x%2fy", upstream: endpoint },
      { path: "/own", upstream: endpoint },
    ]);
    for (const [target, url] of [
      ["/adm/x", "/%C3%BC/x"],
      ["/%61dm", "/%C3%BC"],
      ["//adm", "/%C3%BC"],
      ["//%61d%6D//x?y=//z", "/%C3%BC//x?y=//z"],
      ["/caf%C3%A9", "/caf%C3%A9"],
      ["/caf%c3%a9/x", "/caf%c3%a9/x"],
      [utf8("/café?é"), utf8("/café?é")],
      ["/x%2Fy/z", "/x%2Fy/z"],
      ["/own|%7C", undefined],
      ["/x/y", undefined],
      ["/admin", undefined],
    ] as const)
      expect([target, (await ask(target)).url]).to.deep.equal([target, url]);
  });

  it("may be a text that a hook made: characters that are not ASCII are sent as UTF-8", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const change = plugin("change", {
      exchange: (attempt, request) => {
        request.url = "/日本?é";
        return attempt;
      },
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ path: "/日本", upstream: upstream.endpoint }] }, { before: [change] });
    expect(await talk(port(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).to.include('"url":"/%E6%97%A5%E6%9C%AC?%C3%A9"');
  });

  it("is refused in a config with two routes for the same paths in two spellings", async () => {
    const failed = await start(() => [{ path: "/é" }, { path: "/%c3%a9/" }]).catch(String);
    expect(failed).to.include("matches the same requests as routes[0]");
  });

  it("names no address, key or listener in an answer", async () => {
    const { rateLimit } = await import("sluice/plugins");
    const { SluiceError } = await import("sluice");
    const secret = "tenant:127.0.0.1:k3y";
    const thrown = plugin("thrown", {
      exchange: (attempt, { url }) => {
        if (url === "/thrown") throw new Error(secret);
        if (url === "/rejected") throw new SluiceError("SLUICE_CLIENT_REJECTED", secret);
        if (url === "/request") throw new SluiceError("SLUICE_HTTP_REQUEST", secret);
        return url === "/ok" ? of({ status: 200, headers: {} }) : attempt;
      },
    });
    const before = [rateLimit({ requests: { rate: 1, per: "1h", burst: 6 }, key: () => secret }), thrown];
    const routes = [{ path: "/dead", upstream: "127.0.0.1:9" }];
    const { port } = await startHttpProxy(cleanup, { routes }, { before });
    const statuses: number[] = [];
    const answers: string[] = [];
    for (const path of ["/ok", "/thrown", "/rejected", "/request", "/none", "/dead", "/limited"]) {
      for (const accept of ["text/plain", "application/json"].slice(path === "/limited" ? 0 : 1)) {
        const answer = await talk(
          port(),
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
        );
        statuses.push(Number(answer.slice(9, 12)));
        answers.push(answer);
      }
    }
    expect(statuses).to.deep.equal([200, 500, 403, 400, 404, 502, 429, 429]);
    for (const answer of answers) expect(answer).not.to.match(/tenant|127\.0\.0\.1|k3y|"web"|thrown/);
  });
});
