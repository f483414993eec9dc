import { expect } from "chai";
import { socketAddress } from "../../../../../core/contract/addresses/address.ts";
import { TrustedProxies } from "../../../../../plugins/http/exchange/trusted-proxies.ts";

describe("Proxies in front that are trusted", () => {
  const trusted = new TrustedProxies(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);
  const clientOf = (peer: string, xForwardedFor?: string, forwarded?: string): string =>
    String(trusted.clientOf(socketAddress(peer, 0, peer.includes(":") ? "IPv6" : "IPv4"), xForwardedFor, forwarded));

  for (const [what, peer, xForwardedFor, forwarded, client] of [
    ["nobody else's word", "203.0.113.1", "198.51.100.1", "for=198.51.100.2", "203.0.113.1"],
    ["no word: the proxy itself", "10.0.0.1", undefined, undefined, "10.0.0.1"],
    ["the word of one", "10.0.0.1", "198.51.100.1", undefined, "198.51.100.1"],
    [
      "the nearest that is not trusted, and nothing that it says of others",
      "10.0.0.1",
      "203.0.113.9, 198.51.100.1, 10.0.0.2",
      undefined,
      "198.51.100.1",
    ],
    ["the farthest where all are trusted", "10.0.0.1", "10.0.0.3,10.0.0.2", undefined, "10.0.0.3"],
    ["what is known where somebody says unknown", "10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", undefined, "10.0.0.2"],
    ["what is known where what is said is no address", "10.0.0.1", "198.51.100.1, <b>", undefined, "10.0.0.1"],
    ["nothing", "10.0.0.1", "", undefined, "10.0.0.1"],
    ["a port", "192.0.2.1", "198.51.100.1:4711", undefined, "198.51.100.1:4711"],
    ["IPv6 in each spelling", "fd00::1", "2001:db8::1", undefined, "2001:db8::1"],
    ["IPv6 in brackets", "fd00::1", "[2001:db8::1]", undefined, "2001:db8::1"],
    ["IPv6 with a port", "fd00::1", "[2001:db8::1]:80", undefined, "[2001:db8::1]:80"],
    ["IPv4 mapped into IPv6", "10.0.0.1", "::ffff:198.51.100.1", undefined, "198.51.100.1"],
    ["Forwarded", "10.0.0.1", undefined, 'for=198.51.100.1;proto=https, For="[2001:db8::1]:80";by=10.0.0.2', "[2001:db8::1]:80"],
    ["X-Forwarded-For before Forwarded", "10.0.0.1", "198.51.100.1", "for=203.0.113.1", "198.51.100.1"],
    ["a long chain", "10.0.0.1", `198.51.100.1${", 10.0.0.2".repeat(500)}`, undefined, "198.51.100.1"],
  ] as const) {
    it(`tell who asked: ${what}`, () => {
      expect(clientOf(peer, xForwardedFor, forwarded)).to.equal(client);
    });
  }

  it("may be those that connect to a unix listener, or networks of mapped addresses", () => {
    const peer = { ...socketAddress("", 0, "IPv4"), family: "unix" as const };
    expect(new TrustedProxies(["unix"]).clientOf(peer, "198.51.100.1", undefined).address).to.equal("198.51.100.1");
    expect(trusted.clientOf(peer, "198.51.100.1", undefined).address).to.equal("");
    const mapped = new TrustedProxies(["::ffff:10.0.0.0/104"]);
    expect(mapped.clientOf(socketAddress("10.1.2.3", 0, "IPv4"), "198.51.100.1", undefined).address).to.equal("198.51.100.1");
  });
});
