import { expect } from "chai";
import { socketAddress } from "../../../../../core/contract/addresses/address.ts";
import { hostOf, withBrackets } from "../../../../../plugins/http/message/authority.ts";
import { explained, statusOf } from "../../../../../plugins/http/message/failure.ts";
import { Forwarded } from "../../../../../plugins/http/upstream/routing/forwarded.ts";
import { endToEnd, wireFields } from "../../../../../plugins/http/message/header-fields.ts";
import { SluiceError, type HttpHeaders } from "sluice";
import { createSession } from "../../support/fakes.ts";
import { TrustedProxies } from "../../../../../plugins/http/exchange/trusted-proxies.ts";

describe("The header fields of http()", () => {
  it("leave out what belongs to the connection, and what Connection names", () => {
    const raw = [
      "Connection",
      "close, X-Hop",
      "X-Hop",
      "1",
      "Keep-Alive",
      "2",
      "TE",
      "trailers",
      "Transfer-Encoding",
      "chunked",
      "Upgrade",
      "h2c",
    ];
    expect(endToEnd([...raw, "Proxy-Authorization", "secret", "Proxy-Connection", "x-two", "X-Two", "3", "X-Kept", "4"])).to.deep.equal({
      "x-kept": "4",
    });
  });

  const names = [
    "x-foo",
    "X-Foo",
    "content-length",
    "Content-Length",
    "authorization",
    "Authorization",
    "x-two",
    "x-two",
    "x-two",
    "X-Two",
    "x-two",
    "X-TWO",
  ];
  const spellings: Readonly<Record<string, readonly [HttpHeaders, readonly string[]]>> = {
    "as they came": [{ "x-foo": "1", authorization: "a" }, ["X-Foo", "1", "Authorization", "a"]],
    "as they came, in another order": [{ authorization: "a", "x-foo": "1" }, ["Authorization", "a", "X-Foo", "1"]],
    "each value of one": [{ "x-foo": ["1", "2"] }, ["X-Foo", "1", "X-Foo", "2"]],
    "each value of one, in its own spelling": [{ "x-two": ["1", "2", "3", "4"] }, ["x-two", "1", "X-Two", "2", "X-TWO", "3", "X-TWO", "4"]],
    "as a hook wrote one that did not come": [{ "X-Own": "1", "x-foo": "2" }, ["X-Own", "1", "X-Foo", "2"]],
    "under its own name where a hook wrote it as it came": [{ "X-Foo": "1" }, ["X-Foo", "1"]],
    "under its own name, beside the one that came": [
      { "x-foo": "1", authorization: "a", "X-Foo": "2" },
      ["X-Foo", "1", "Authorization", "a", "X-Foo", "2"],
    ],
  };
  for (const [name, [headers, sent]] of Object.entries(spellings))
    it(`are sent on: ${name}`, () => {
      expect(wireFields(headers, names)).to.deep.equal(sent);
    });

  for (const spelt of [
    "Content-Length",
    "transfer-encoding",
    "Connection",
    "Host",
    "X-Foo\r\nTransfer-Encoding",
    "X-Foo: 1\r\nX",
    "",
    "X_Foo",
    "X-Fo\u{212A}",
  ])
    it(`are spelt by fieldNames, never renamed: ${JSON.stringify(spelt)} is not what it says`, () => {
      expect(wireFields({ "x-foo": "5", "x-fok": "6" }, ["x-foo", spelt, "x-fok", spelt])).to.deep.equal(["x-foo", "5", "x-fok", "6"]);
    });

  it("let Connection take away neither where a request goes nor where it ends", () => {
    expect(endToEnd(["Connection", "host, content-length", "Host", "a", "Content-Length", "5"])).to.deep.equal({
      host: "a",
      "content-length": "5",
    });
  });

  it("keep every value of a field, and put cookies together", () => {
    expect(endToEnd(["X", "1", "x", "2", "X", "3", "Cookie", "a=1", "cookie", "b=2", ":path", "/"])).to.deep.equal({
      x: ["1", "2", "3"],
      cookie: "a=1; b=2",
    });
  });

  for (const [given, host] of [
    ["Example.TEST:8080", "example.test"],
    ["a.", "a"],
    ["[::1]:80", "[::1]"],
    ["127.0.0.1", "127.0.0.1"],
    ["a_b.test", "a_b.test"],
    ["", undefined],
    ["a b", undefined],
    ["a/b", undefined],
    ["a@b", undefined],
    ["a:99999", undefined],
    ["a:b", undefined],
    ["a,b", undefined],
  ] as const) {
    it(`take ${JSON.stringify(given)} as ${host === undefined ? "no host" : `the host ${host}`}`, () => {
      expect(hostOf(given)).to.equal(host);
    });
  }

  for (const [given, authority] of [
    ["::1:8080", "[::1]:8080"],
    ["2001:db8::5:443", "[2001:db8::5]:443"],
    ["1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"],
    ["::ffff:127.0.0.1:80", "[::ffff:127.0.0.1]:80"],
    ["[::1]:80", "[::1]:80"],
    ["127.0.0.1:80", "127.0.0.1:80"],
    ["a.test:80", "a.test:80"],
    ["a:b:c", "a:b:c"],
    [":::1:80", ":::1:80"],
    ["::1:80/a", "::1:80/a"],
  ] as const) {
    it(`write the authority ${given} as ${authority}`, () => {
      expect(withBrackets(given)).to.equal(authority);
    });
  }

  const from = (address: string): ReturnType<typeof createSession>["session"] =>
    createSession({ client: socketAddress(address, 50_000, address.includes(":") ? "IPv6" : "IPv4") }).session;
  const spoofed = (): HttpHeaders => ({
    host: "h",
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/p",
    x_forwarded_for: "6.6.6.6",
    "x-real-ip": "6.6.6.6",
    forwarded: "for=6.6.6.6",
  });

  it("name the client, whatever it says itself", () => {
    const headers = spoofed();
    new Forwarded(new TrustedProxies(["10.0.0.0/8"])).set(headers, from("192.0.2.1"), "http");
    expect(headers).to.deep.equal({
      host: "h",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-host": "h",
      "x-forwarded-proto": "http",
      "x-forwarded-port": "8080",
      forwarded: 'for=192.0.2.1;host="h";proto=http',
    });
  });

  it("have no empty place for an empty field of a trusted proxy", () => {
    for (const empty of ["", ["", ""]]) {
      const headers: HttpHeaders = { host: "h", "x-forwarded-for": empty, forwarded: empty };
      new Forwarded(new TrustedProxies(["10.0.0.0/8"])).set(headers, from("10.1.2.3"), "http");
      expect(headers["x-forwarded-for"]).to.equal("10.1.2.3");
      expect(headers["forwarded"]).to.equal('for=10.1.2.3;host="h";proto=http');
    }
  });

  it("believe a proxy that is trusted, and add it", () => {
    for (const [trusted, peer] of [
      ["10.0.0.0/8", "10.1.2.3"],
      ["2001:db8::/32", "2001:db8::1"],
      ["10.1.2.3", "10.1.2.3"],
    ] as const) {
      const headers = spoofed();
      new Forwarded(new TrustedProxies([trusted])).set(headers, from(peer), "http");
      expect(headers["x-forwarded-for"]).to.equal(`6.6.6.6, ${peer}`);
      expect(headers["x-forwarded-proto"]).to.equal("https");
      expect(String(headers["forwarded"])).to.match(/^for=6\.6\.6\.6, for=/);
    }
  });

  for (const [what, sent, expected] of [
    ["X-Forwarded-For", { "x-forwarded-for": "6.6.6.6" }, ["6.6.6.6, 10.1.2.3", "for=6.6.6.6, for=10.1.2.3", "h", "http"]],
    [
      "X-Forwarded-For, -Host and -Proto",
      { "x-forwarded-for": "5.5.5.5, 6.6.6.6, 10.0.0.2", "x-forwarded-host": 'a"b', "x-forwarded-proto": "https" },
      [
        "5.5.5.5, 6.6.6.6, 10.0.0.2, 10.1.2.3",
        String.raw`for=5.5.5.5, for=6.6.6.6;host="a\"b";proto=https, for=10.0.0.2, for=10.1.2.3`,
        'a"b',
        "https",
      ],
    ],
    [
      "X-Forwarded-For with IPv6, a port and no address",
      { "x-forwarded-for": "<b>,[2001:db8::1]:80" },
      ["<b>,[2001:db8::1]:80, 10.1.2.3", 'for=unknown, for="[2001:db8::1]", for=10.1.2.3', "h", "http"],
    ],
    [
      "Forwarded",
      { forwarded: 'for=5.5.5.5;proto=ftp, For="[2001:db8::1]:80";by="a,b;c"; Proto=https;host="x.test"' },
      [
        "5.5.5.5, 2001:db8::1, 10.1.2.3",
        'for=5.5.5.5;proto=ftp, For="[2001:db8::1]:80";by="a,b;c"; Proto=https;host="x.test", for=10.1.2.3',
        "x.test",
        "https",
      ],
    ],
    ["Forwarded that names nobody", { forwarded: "for=_hidden" }, ["unknown, 10.1.2.3", "for=_hidden, for=10.1.2.3", "h", "http"]],
    ["Forwarded without a client", { forwarded: "proto=https" }, ["10.1.2.3", "proto=https, for=10.1.2.3", "h", "http"]],
    ["Forwarded that is not well-formed", { forwarded: 'for="6.6.6.6' }, ["6.6.6.6, 10.1.2.3", 'for="6.6.6.6, for=10.1.2.3', "h", "http"]],
  ] as const) {
    it(`name the same client in both forms if a trusted proxy sends ${what}`, () => {
      const headers: HttpHeaders = { host: "h", ...sent };
      new Forwarded(new TrustedProxies(["10.0.0.0/8"])).set(headers, from("10.1.2.3"), "http");
      const { "x-forwarded-for": list, forwarded, "x-forwarded-host": host, "x-forwarded-proto": proto } = headers;
      expect([list, String(forwarded).replace(';host="h";proto=http', ""), host, proto]).to.deep.equal(expected);
    });
  }

  it("make of an error a status, and a body in the form that is accepted, without an address", () => {
    const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "upstream 10.0.0.1:80 refused the connection");
    expect(statusOf(refused)).to.equal(502);
    expect(statusOf(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", ""))).to.equal(504);
    expect(statusOf(new SluiceError("SLUICE_UPSTREAM_BUSY", ""))).to.equal(503);
    expect(statusOf(new SluiceError("SLUICE_PLUGIN_FAILED", ""))).to.equal(500);
    expect(explained(502, refused, "text/html,*/*;q=0.8").body).to.equal("502 Bad Gateway: SLUICE_UPSTREAM_REFUSED\n");
    const json = { status: 502, error: "Bad Gateway", code: "SLUICE_UPSTREAM_REFUSED", detail: "Bad Gateway" };
    for (const accept of ["application/json", "text/html;q=0.5, application/problem+json"])
      expect(JSON.parse(explained(502, refused, accept).body)).to.deep.equal(json);
    for (const accept of ["", "*/*", "application/json;q=0.1, text/plain"])
      expect(explained(502, refused, accept).type).to.match(/^text\/plain/);
  });
});
