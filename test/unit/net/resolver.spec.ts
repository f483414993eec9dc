import { expect } from "chai";
import { firstValueFrom } from "rxjs";
import { SluiceError, type Address } from "../../../core/contract/index.ts";
import { createResolver, type NameResolver, type ResolverOptions } from "../../../core/net/resolver.ts";
import { withNameServer } from "./fake-name-server.ts";

const a = (name: string, data: string, ttl: number) => ({ type: "A", name, data, ttl }) as const;
const aaaa = (name: string, data: string, ttl: number) => ({ type: "AAAA", name, data, ttl }) as const;
const ask = (resolver: NameResolver, name: string): Promise<Address[]> => firstValueFrom(resolver.resolve(name));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (SluiceError.is(error) ? error.code : String(error)),
  );

function resolverOf(server: string, options: ResolverOptions = {}, hosts: Readonly<Record<string, readonly string[]>> = {}): NameResolver {
  return createResolver({ servers: [server], hosts: new Map(Object.entries(hosts)) }, { ipv6: () => false, ...options });
}

describe("the resolver", () => {
  it("takes pinned names, literals and localhost from nobody else", () =>
    withNameServer({}, async ({ address, questions }) => {
      const resolver = resolverOf(address, {}, { "Pinned.test": ["10.1.1.1", "fd00::1"] });
      expect(await ask(resolver, "PINNED.test.")).to.deep.equal([
        { address: "10.1.1.1", family: 4, ttl: 3600 },
        { address: "fd00::1", family: 6, ttl: 3600 },
      ]);
      expect(await ask(resolver, "::1")).to.deep.include({ address: "::1", family: 6, ttl: 3600 });
      expect((await ask(resolver, "api.LOCALHOST")).map(({ address: found }) => found)).to.deep.equal(["127.0.0.1", "::1"]);
      expect(questions).to.deep.equal([]);
    }));

  it("lets a pin win over localhost", async () => {
    const resolver = createResolver({ servers: [], hosts: new Map([["localhost", ["127.0.0.9"]]]) });
    expect((await ask(resolver, "localhost"))[0]?.address).to.equal("127.0.0.9");
  });

  it("asks once for a thousand concurrent askers of a cold name", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 30)] }, async ({ address, questions }) => {
      const resolver = resolverOf(address);
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(resolver, "api.test")));
      expect(questions).to.deep.equal(["A api.test"]);
      expect(answers.every(([first]) => first?.address === "10.0.0.1")).to.equal(true);
    }));

  it("uses an answer for its time to live, counting down, and asks again after it", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 30)] }, async ({ address, questions }) => {
      let now = 1_000;
      const resolver = resolverOf(address, { now: () => now });
      expect((await ask(resolver, "api.test"))[0]?.ttl).to.equal(30);
      now += 12_000;
      expect((await ask(resolver, "API.test"))[0]?.ttl).to.equal(18);
      expect(questions).to.have.length(1);
      now += 18_000;
      expect((await ask(resolver, "api.test"))[0]?.ttl).to.equal(30);
      expect(questions).to.have.length(2);
    }));

  it("asks anew for those who remember answers themselves, but for a pin", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 30)] }, async ({ address, questions }) => {
      const resolver = resolverOf(address, {}, { "pinned.test": ["10.1.1.1"] });
      const lookUp = (name: string): Promise<Address[]> => firstValueFrom(resolver.lookUp(name));
      expect(await lookUp("api.test")).to.deep.equal(await lookUp("api.test"));
      expect((await lookUp("pinned.test"))[0]?.address).to.equal("10.1.1.1");
      expect(questions).to.deep.equal(["A api.test", "A api.test"]);
    }));

  it("never uses an answer of time to live 0 twice", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 0)] }, async ({ address, questions }) => {
      const resolver = resolverOf(address, { now: () => 0 });
      await ask(resolver, "api.test");
      await ask(resolver, "api.test");
      expect(questions).to.have.length(2);
    }));

  it("asks for IPv6 addresses when the name has no others, and not when it does not exist", () =>
    withNameServer({ "AAAA six.test": [aaaa("six.test", "fd00::6", 5)], "A none.test": "NXDOMAIN" }, async ({ address, questions }) => {
      const resolver = resolverOf(address);
      expect(await ask(resolver, "six.test")).to.deep.equal([{ address: "fd00::6", family: 6, ttl: 5 }]);
      expect(await codeOf(ask(resolver, "none.test"))).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
      expect(questions).to.deep.equal(["A six.test", "AAAA six.test", "A none.test"]);
    }));

  it("puts IPv6 addresses first on a machine that has one", () =>
    withNameServer(
      { "A both.test": [a("both.test", "10.0.0.1", 9)], "AAAA both.test": [aaaa("both.test", "fd00::6", 5)] },
      async (server) => {
        const found = await ask(resolverOf(server.address, { ipv6: () => true }), "both.test");
        expect(found.map(({ address }) => address)).to.deep.equal(["fd00::6", "10.0.0.1"]);
      },
    ));

  it("does not wait long for an IPv6 answer that does not come", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 9)], "AAAA api.test": "silence" }, async (server) => {
      const resolver = resolverOf(server.address, { ipv6: () => true });
      expect((await ask(resolver, "api.test")).map(({ address }) => address)).to.deep.equal(["10.0.0.1"]);
      resolver.close();
    }));

  it("calls a failing name server temporary, and asks it again the next time", () =>
    withNameServer({ "A bad.test": "SERVFAIL" }, async ({ address, questions }) => {
      const resolver = resolverOf(address);
      expect(await codeOf(ask(resolver, "bad.test"))).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
      const before = questions.length;
      await codeOf(ask(resolver, "bad.test"));
      expect(questions.length).to.be.greaterThan(before);
    }));

  it("keeps answering the others when one asker leaves", () =>
    withNameServer({ "A api.test": [a("api.test", "10.0.0.1", 30)] }, async ({ address, questions }) => {
      const resolver = resolverOf(address);
      const leaver = resolver.resolve("api.test").subscribe(() => expect.fail("it had left"));
      const stayer = ask(resolver, "api.test");
      leaver.unsubscribe();
      expect((await stayer)[0]?.address).to.equal("10.0.0.1");
      expect(questions).to.have.length(1);
    }));

  it("refuses what is not a name without asking anybody", () =>
    withNameServer({}, async ({ address, questions }) => {
      const resolver = resolverOf(address);
      for (const name of ["", "a b", "127.0.0.1\0.evil.test", "a\nb", "x".repeat(254)]) {
        expect(await codeOf(ask(resolver, name))).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
      }
      expect(questions).to.deep.equal([]);
    }));

  it("ends what is under way when it is closed", () =>
    withNameServer({ "A slow.test": "silence" }, async ({ address, asked }) => {
      const resolver = resolverOf(address);
      const asking = codeOf(ask(resolver, "slow.test"));
      await asked;
      resolver.close();
      expect(await asking).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
      expect(await codeOf(ask(resolver, "slow.test"))).to.equal("SLUICE_CLOSED");
    }));

  it("refuses a name server that is no address", () => {
    expect(() => resolverOf("dns.test")).to.throw(SluiceError, /SLUICE_CONFIG_INVALID/);
  });
});
