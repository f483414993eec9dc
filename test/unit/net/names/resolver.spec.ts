import { expect } from "chai";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstValueFrom } from "rxjs";
import { SluiceError, type Address } from "../../../../core/contract/index.ts";
import { createResolver, type NameResolver, type ResolverOptions } from "../../../../core/net/names/resolver.ts";
import { withNameServer } from "../fake-name-server.ts";

const a = (name: string, data: string, ttl: number) => ({ type: "A", name, data, ttl }) as const;
const aaaa = (name: string, data: string, ttl: number) => ({ type: "AAAA", name, data, ttl }) as const;
const ask = (resolver: NameResolver, name: string): Promise<Address[]> => firstValueFrom(resolver.resolve(name));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (SluiceError.is(error) ? error.code : String(error)),
  );

/** Nothing of the machine that runs the test. */
const elsewhere = {
  ipv6: () => false,
  hostsFile: "/nowhere/hosts",
  resolvConf: "/nowhere/resolv.conf",
  system: () => Promise.reject(new Error("unknown")),
};

function resolverOf(server: string, options: ResolverOptions = {}, hosts: Readonly<Record<string, readonly string[]>> = {}): NameResolver {
  return createResolver({ servers: [server], hosts: new Map(Object.entries(hosts)) }, { ...elsewhere, ...options });
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

  it("asks again for those who remember answers themselves, but for a pin", () =>
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

  for (const failure of ["REFUSED", "SERVFAIL"] as const)
    it(`takes the IPv6 addresses of a name whose server answers the other question with ${failure}, as getaddrinfo does`, () =>
      withNameServer({ "A six.test": failure, "AAAA six.test": [aaaa("six.test", "fd00::6", 5)] }, async ({ address }) => {
        expect((await ask(resolverOf(address), "six.test")).map(({ address: found }) => found)).to.deep.equal(["fd00::6"]);
      }));

  for (const failure of ["REFUSED", "SERVFAIL", "NOTIMP"] as const)
    it(`asks the next name server after one that answers with ${failure}, for each type of record`, () =>
      withNameServer({ "A api.test": failure, "AAAA api.test": failure }, (first) =>
        withNameServer(
          { "A api.test": [a("api.test", "10.0.0.1", 9)], "AAAA api.test": [aaaa("api.test", "fd00::1", 9)] },
          async (second) => {
            for (const ipv6 of [false, true]) {
              const resolver = createResolver(
                { servers: [first.address, second.address], hosts: new Map() },
                { ...elsewhere, ipv6: () => ipv6 },
              );
              const found = (await ask(resolver, "api.test")).map(({ address }) => address);
              expect(found).to.deep.equal(ipv6 ? ["fd00::1", "10.0.0.1"] : ["10.0.0.1"]);
            }
            expect(first.questions).to.have.length(3);
          },
        ),
      ));

  it("believes a name server that says that a name does not exist, and fails when all servers fail", () =>
    withNameServer({ "A none.test": "NXDOMAIN", "A bad.test": "REFUSED" }, (first) =>
      withNameServer({ "A none.test": [a("none.test", "10.0.0.1", 9)], "A bad.test": "SERVFAIL" }, async (second) => {
        const resolver = createResolver({ servers: [first.address, second.address], hosts: new Map() }, elsewhere);
        expect(await codeOf(ask(resolver, "none.test"))).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
        expect(second.questions).to.deep.equal([]);
        expect(await codeOf(ask(resolver, "bad.test"))).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
        expect(second.questions).to.include("A bad.test");
      }),
    ));

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

  it("asks for the longest name that DNS allows, with or without a final dot", () => {
    const longest = [63, 63, 63, 61].map((length) => "x".repeat(length)).join(".");
    return withNameServer({ [`A ${longest}`]: [a(longest, "10.0.0.1", 0)] }, async ({ address }) => {
      for (const name of [longest, `${longest}.`]) expect((await ask(resolverOf(address), name))[0]?.address).to.equal("10.0.0.1");
    });
  });

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

  const conf = async (text: string): Promise<string> => {
    const folder = await mkdtemp(path.join(tmpdir(), "sluice-names-"));
    folders.push(folder);
    const file = path.join(folder, "file");
    await writeFile(file, text);
    return file;
  };
  const folders: string[] = [];
  afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

  it("searches the domains of resolv.conf, with dots in a name too, and not behind a dot at its end", () =>
    withNameServer(
      { "A api.prod.svc.test": [a("api.prod.svc.test", "10.0.0.1", 30)], "A api.prod": "NXDOMAIN", "A api.prod.default.test": "NXDOMAIN" },
      async ({ address, questions }) => {
        const resolvConf = await conf("search default.test svc.test\noptions ndots:5\n");
        expect((await ask(resolverOf(address, { resolvConf }), "api.prod"))[0]?.address).to.equal("10.0.0.1");
        expect(await codeOf(ask(resolverOf(address, { resolvConf }), "api.prod."))).to.equal("SLUICE_UPSTREAM_DNS_NOT_FOUND");
        expect(questions).to.deep.equal(["A api.prod.default.test", "A api.prod.svc.test", "A api.prod"]);
      },
    ));

  it("asks the hosts file beside name servers of one's own, and sees its changes at once", () =>
    withNameServer({}, async ({ address, questions }) => {
      const hostsFile = await conf("10.0.0.1 db.test db # the database\nfd00::1 db.test\n127.0.0.7 localhost\n");
      const resolver = resolverOf(address, { hostsFile });
      const found = async (name: string): Promise<string[]> => (await ask(resolver, name)).map((each) => each.address);
      expect(await found("DB.test")).to.deep.equal(["10.0.0.1", "fd00::1"]);
      expect(await found("db")).to.deep.equal(["10.0.0.1"]);
      expect(await found("localhost")).to.deep.equal(["127.0.0.7", "::1"]);
      await writeFile(hostsFile, "10.0.0.2 db.test\n");
      expect(await found("db.test")).to.deep.equal(["10.0.0.2"]);
      expect(questions).to.deep.equal([]);
    }));

  it("forgets what it remembers when resolv.conf is another file, also behind a symbolic link", () =>
    withNameServer(
      { "A api.one.test": [a("api.one.test", "10.0.0.1", 600)], "A api.two.test": [a("api.two.test", "10.0.0.2", 600)] },
      async ({ address }) => {
        const [one, two] = [await conf("search one.test\n"), await conf("search two.test\n")];
        const link = `${one}.link`;
        await symlink(one, link);
        const resolver = resolverOf(address, { resolvConf: link });
        expect((await ask(resolver, "api"))[0]?.address).to.equal("10.0.0.1");
        await symlink(two, `${link}.next`);
        await rename(`${link}.next`, link);
        expect((await ask(resolver, "api"))[0]?.address).to.equal("10.0.0.2");
      },
    ));

  for (const [what, zone, name] of [
    ["NXDOMAIN", { "A printer.test": "NXDOMAIN" }, "printer.test"],
    ["no record", {}, "printer.test"],
    ["a server that fails for a name of mDNS", { "A printer.local": "SERVFAIL" }, "printer.local"],
    ["a server that fails for a name of one label", { "A printer": "SERVFAIL" }, "printer"],
  ] as const) {
    it(`asks the system for what name servers leave out: ${what}`, () =>
      withNameServer(zone, async ({ address }) => {
        const system = async (asked: string): Promise<Address[]> => [{ address: asked === name ? "10.0.0.9" : "", family: 4, ttl: 0 }];
        expect(await ask(resolverOf(address, { system }), name)).to.deep.equal([{ address: "10.0.0.9", family: 4, ttl: 0 }]);
      }));
  }

  it("does not ask the system for a name that a server fails at", () =>
    withNameServer({ "A bad.test": "SERVFAIL" }, async ({ address }) => {
      const system = (): never => expect.fail("nobody should ask");
      expect(await codeOf(ask(resolverOf(address, { system }), "bad.test"))).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
    }));

  it("takes the lowest time to live of a chain of aliases", () =>
    withNameServer(
      {
        "A www.test": [
          { type: "CNAME", name: "www.test", data: "cdn.test", ttl: 7 },
          { type: "CNAME", name: "cdn.test", data: "edge.test", ttl: 3 },
          a("edge.test", "10.0.0.1", 600),
        ],
      },
      async ({ address }) => {
        expect(await ask(resolverOf(address), "www.test")).to.deep.equal([{ address: "10.0.0.1", family: 4, ttl: 3 }]);
      },
    ));

  it("asks again for a name that did not work, and for IPv6 addresses where it has no other", () =>
    withNameServer(
      { "A both.test": [a("both.test", "10.0.0.1", 600)], "AAAA both.test": [aaaa("both.test", "fd00::1", 600)] },
      async (server) => {
        const resolver = resolverOf(server.address);
        await ask(resolver, "both.test");
        const again = await firstValueFrom(resolver.again("both.test"));
        expect(again.map(({ address }) => address)).to.deep.equal(["10.0.0.1", "fd00::1"]);
        expect(await ask(resolver, "both.test")).to.deep.equal(again);
        expect(server.questions).to.deep.equal(["A both.test", "A both.test", "AAAA both.test"]);
        resolver.forget();
        await ask(resolver, "both.test");
        expect(server.questions).to.have.length(4);
      },
    ));
});
