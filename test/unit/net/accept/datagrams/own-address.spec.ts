import { expect } from "chai";
import { networkInterfaces } from "node:os";
import { isOwnAddress } from "../../../../../core/net/accept/datagrams/own-address.ts";

const machine = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);

describe("the address of a listener", () => {
  const ways: Readonly<Record<string, readonly string[]>> = {
    "127.0.0.1": ["127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:1", "0.0.0.0", "::"],
    "::1": ["::1", "0:0:0:0:0:0:0:1", "::"],
    "0.0.0.0": ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "0.0.0.0", "::", ...machine.map(({ address }) => address)],
    "::": ["::1", "127.0.0.1", "0.0.0.0"],
    "fe80::1%lo": ["fe80::1", "FE80:0::1"],
    "10.0.0.1": ["10.0.0.1", "::ffff:a00:1"],
  };
  for (const [own, hosts] of Object.entries(ways)) {
    for (const host of hosts) it(`${own} is reached by ${host}`, () => expect(isOwnAddress(host, { address: own })).to.equal(true));
  }

  const others: readonly (readonly [string, string])[] = [
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.1", "::1"],
    ["10.0.0.1", "0.0.0.0"],
    ["0.0.0.0", "192.0.2.1"],
    ["::", "2001:db8::1"],
    ["/run/a.sock", "/run/b.sock"],
  ];
  for (const [own, host] of others) {
    it(`${own} is not reached by ${host}`, () => expect(isOwnAddress(host, { address: own })).to.equal(false));
  }
});
