import { expect } from "chai";
import { hostOf, isSameAuthority } from "../../../../../plugins/http/message/authority.ts";

describe("The host that a request asks for", () => {
  const spellings: readonly (readonly [given: string, host: string | undefined])[] = [
    ["A.Test", "a.test"],
    ["a.test.", "a.test"],
    ["a.test.:80", "a.test"],
    ["a.test:", "a.test"],
    ["192.0.2.1:80", "192.0.2.1"],
    ["[::1]:80", "[::1]"],
    ["[0:0:0:0:0:0:0:1]", "[::1]"],
    ["[2001:DB8::0001]:", "[2001:db8::1]"],
    ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
    ["[:::]", undefined],
    ["[1.2.3.4]", undefined],
    ["::1", undefined],
    ["a.test..", undefined],
    ["a.test:65536", undefined],
    ["", undefined],
  ];
  for (const [given, host] of spellings)
    it(`is ${host ?? "malformed"} for ${JSON.stringify(given)}`, () => {
      expect(hostOf(given)).to.equal(host);
    });

  it("is the same in two fields that spell it differently, and not with another port", () => {
    expect(isSameAuthority("A.test.:80", "a.test:80")).to.equal(true);
    expect(isSameAuthority("a.test:", "a.test")).to.equal(true);
    expect(isSameAuthority("[::1]:1", "[0::1]:1")).to.equal(true);
    expect(isSameAuthority("a.test", "a.test:80")).to.equal(false);
    expect(isSameAuthority("a.test", "b.test")).to.equal(false);
    expect(isSameAuthority("a b", "A b")).to.equal(false);
  });
});
