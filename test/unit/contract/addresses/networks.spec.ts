import { expect } from "chai";
import { networks, socketAddress } from "sluice";

const has = (texts: readonly string[], address: string): boolean => {
  const family = address === "" ? "unix" : address.includes(":") ? "IPv6" : "IPv4";
  return networks()
    .parse(texts)
    .has(socketAddress(address, 1, family));
};

describe("networks", () => {
  for (const [network, inside, outside] of [
    ["10.0.0.0/8", "10.255.255.255", "11.0.0.0"],
    ["10.1.2.3/8", "10.9.9.9", "9.255.255.255"],
    ["192.0.2.7", "192.0.2.7", "192.0.2.8"],
    ["192.0.2.128/25", "192.0.2.200", "192.0.2.127"],
    ["0.0.0.0/0", "203.0.113.1", "::1"],
    ["::/0", "2001:db8::1", "203.0.113.1"],
    ["::1", "::1", "::2"],
    ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
    ["fd00::/8", "fdff::1", "fc00::1"],
    ["::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"],
    ["10.0.0.0/8", "::ffff:10.1.1.1", "::ffff:11.1.1.1"],
    ["unix", "", "127.0.0.1"],
  ] as const) {
    it(`has ${inside === "" ? "a unix client" : inside} and not ${outside} in ${network}`, () => {
      expect([has([network], inside), has([network], outside)]).to.deep.equal([true, false]);
    });
  }

  it("has every address of several networks, and a link-local address with any zone", () => {
    expect(has(["192.0.2.1", "198.51.100.0/24"], "198.51.100.9")).to.equal(true);
    expect(has(["fe80::/10"], "fe80::1%eth0")).to.equal(true);
  });

  for (const wrong of [
    [],
    ["localhost"],
    ["10.0.0.0/33"],
    ["::1/129"],
    ["10.0.0/8"],
    ["10.0.0.0/"],
    ["10.0.0.0/a"],
    [""],
    [1],
    "10.0.0.0/8",
  ])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(networks().safeParse(wrong).success).to.equal(false);
    });
});
