import { expect } from "chai";
import { parseEndpoint, upstreamTarget } from "../../../../core/contract/index.ts";
import { problemOf } from "../../../support/rejection.ts";

describe("parseEndpoint", () => {
  it("reads names, addresses and sockets, and lowers the case of names", () => {
    expect(parseEndpoint("LocalHost:3000")).to.deep.equal({ host: "localhost", port: 3000, text: "LocalHost:3000" });
    expect(parseEndpoint("10.0.0.1:1")).to.include({ host: "10.0.0.1", port: 1 });
    expect(parseEndpoint("[FE80::1%eth0]:65535")).to.include({ host: "fe80::1%eth0", port: 65_535 });
    expect(parseEndpoint("unix:/run/app.sock")).to.include({ host: "", port: 0, path: "/run/app.sock" });
    expect(parseEndpoint("unix:///run/app.sock")).to.include({ path: "/run/app.sock" });
    expect(parseEndpoint("bücher.example:80")).to.include({ host: "xn--bcher-kva.example" });
    expect(parseEndpoint("_srv.my_host.:80")).to.include({ host: "_srv.my_host." });
  });

  const refused: Readonly<Record<string, string>> = {
    "": "host:port",
    localhost: "without a port",
    ":80": "expected a host",
    "3000": "expected a host before the port, such as localhost:3000",
    "undefined:80": 'expected a host name or an IP address, got "undefined" in "undefined:80": is a variable not set?',
    "a:undefined": ": is a variable not set?",
    undefined: "without a port: is a variable not set?",
    "a:0": "port from 1 to 65535",
    "a:65536": "port from 1 to 65535",
    "a:8e1": "port from 1",
    "a:+80": "port from 1",
    "::1:80": "in brackets",
    "[::g]:80": "between the brackets",
    "[::1]80": "in brackets",
    "[1.2.3.4]:80": "between the brackets",
    "http://a:80": 'without "http://"',
    "http://user:pw@a:80": 'got "http://***@a:80"',
    "a b:80": "blanks or control",
    "a\u0000b:80": "blanks or control",
    "a\n:80": "blanks or control",
    "999.1.1.1:80": "IPv4 address",
    "10.1:80": "IPv4 address",
    "0x7f.1:80": "IPv4 address",
    "a..b:80": "host name",
    "-a:80": "host name",
    "a/b:80": "host name",
    "unix:relative": "absolute path",
    [`unix:/${"a".repeat(200)}`]: "socket path of at most",
  };
  for (const [text, reason] of Object.entries(refused)) {
    it(`refuses ${JSON.stringify(text).slice(0, 40)}`, () => {
      expect(problemOf(() => parseEndpoint(text))).to.contain(reason);
    });
  }
});

describe("upstreamTarget", () => {
  it("fills in the defaults of every form", () => {
    const [a, b] = [parseEndpoint("a:1"), parseEndpoint("b:2")];
    expect(upstreamTarget("a:1")).to.deep.equal({ endpoints: [a], balance: "round-robin", tls: undefined });
    expect(upstreamTarget(["a:1", "b:2"])).to.deep.equal({ endpoints: [a, b], balance: "round-robin", tls: undefined });
    expect(upstreamTarget({ endpoints: ["a:1"], balance: "random", tls: true })).to.deep.equal({
      endpoints: [a],
      balance: "random",
      tls: {},
    });
    expect(upstreamTarget({ endpoints: ["a:1"], tls: false })).to.deep.equal({ endpoints: [a], balance: "round-robin", tls: undefined });
    expect(upstreamTarget({ endpoints: ["a:1"], tls: { serverName: "x" } }).tls).to.deep.equal({ serverName: "x" });
  });

  it("reports all its problems at once", () => {
    const message = problemOf(() => upstreamTarget({ endpoints: ["a:1", "b"], balance: "randon", tsl: true } as never));
    expect(message).to.contain('endpoints[1]: expected "host:port", got "b" without a port');
    expect(message).to.contain(
      'balance: expected one of "round-robin", "least-connections", "random", "random-two", "hash", or a function (candidates, session) => candidate, got "randon", did you mean "random"?',
    );
    expect(message).to.contain('tsl: unknown option, did you mean "tls"?');
  });

  it("says one thing of one mistake, in words for each kind that is taken", () => {
    const bound = problemOf(() => upstreamTarget({ endpoints: ["127.0.0.1:1"], bind: "localhost" }));
    expect(bound).to.contain('bind: expected an IP address of this machine, without a port, got "localhost"').and.not.contain("family");
    const check = { send: 1 } as never;
    const asked = problemOf(() => upstreamTarget({ endpoints: ["a:1"], health: { check } }));
    expect(asked).to.contain("health.check.expect: expected a text, or bytes, or an expression, but it is missing");
    expect(asked).to.contain("health.check.send: expected a text, or bytes, got 1");
  });

  it("refuses an empty list, and a certificate without its key", () => {
    expect(problemOf(() => upstreamTarget([]))).to.contain("expected at least 1 entry");
    expect(problemOf(() => upstreamTarget({ endpoints: ["a:1"], tls: { cert: "x" } }))).to.contain("expected cert and key together");
  });
});
