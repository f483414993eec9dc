import { expect } from "chai";
import { socketAddress } from "../../../../core/contract/index.ts";

describe("a socket's address", () => {
  it("is written with its port, an IPv6 address in brackets, and a unix socket as its path", () => {
    const addresses = [
      socketAddress("127.0.0.1", 8080, "IPv4"),
      socketAddress("2001:db8::1", 53, "IPv6"),
      socketAddress("/run/app.sock", 0, "unix"),
    ];
    expect(addresses.map(String)).to.deep.equal(["127.0.0.1:8080", "[2001:db8::1]:53", "/run/app.sock"]);
  });

  it("is the IPv4 address for one that is mapped into IPv6, and for nothing else", () => {
    const { address, family } = socketAddress("::ffff:192.0.2.1", 5, "IPv6");
    expect([address, family]).to.deep.equal(["192.0.2.1", "IPv4"]);
    for (const other of ["::ffff:0:1", "64:ff9b::192.0.2.1"]) {
      const kept = socketAddress(other, 5, "IPv6");
      expect([kept.address, kept.family]).to.deep.equal([other, "IPv6"]);
    }
  });
});
