import { expect } from "chai";
import { socketAddress } from "../../../../core/contract/addresses/address.ts";
import { clientKey } from "../../../../core/contract/addresses/client-key.ts";

const key = (address: string, family: "IPv4" | "IPv6" | "unix" = "IPv6"): string => clientKey(socketAddress(address, 1, family));

describe("the bucket of a client", () => {
  it("is that of its IPv4 address", () => {
    expect(key("192.0.2.1", "IPv4")).to.equal("192.0.2.1");
  });

  it("is shared by a whole IPv6 /64, however it is written", () => {
    const one = key("2001:db8:0:1::1");
    expect(one).to.equal("2001:db8:0:1::/64");
    expect(key("2001:0DB8:0000:0001:ffff:ffff:ffff:ffff")).to.equal(one);
    expect(key("2001:db8:0:1:0:0:192.0.2.7")).to.equal(one);
    expect(key("2001:db8:0:2::1")).not.to.equal(one);
    expect(key("::1")).to.equal("0:0:0:0::/64");
    expect(key("fe80::1%eth0")).to.equal("fe80:0:0:0::/64");
  });

  it("is that of the IPv4 address if it is mapped into IPv6", () => {
    expect(key("::ffff:192.0.2.1")).to.equal("192.0.2.1");
    expect(key("::ffff:c000:201")).to.equal("192.0.2.1");
  });

  it("is one for all clients of a unix socket", () => {
    expect(key("", "unix")).to.equal("");
  });
});
