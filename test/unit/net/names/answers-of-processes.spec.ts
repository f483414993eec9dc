import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstValueFrom } from "rxjs";
import type { Found, Shared } from "../../../../core/contract/index.ts";
import { createResolver } from "../../../../core/net/names/resolver.ts";
import { address, NXDOMAIN, withNameServer } from "../../../support/name-server.ts";

/** Keeps every answer, as the first process of several does. */
function keeper(): Shared {
  const kept = new Map<string, Promise<Found<unknown>>>();
  return {
    processes: 2,
    buckets: () => expect.fail("no buckets are asked for"),
    once: async <T>(key: string, find: () => Promise<Found<T>>) => {
      const found = (kept.get(key) ?? find()) as Promise<Found<T>>;
      kept.set(key, found);
      return { value: (await found).value, age: 0 };
    },
  };
}

describe("the resolvers of several processes", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "sluice-names-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("share an answer, but not with those that have another resolv.conf", async () => {
    const zones: Readonly<Record<string, string>> = { "A api.one.test": "10.0.0.1", "A api.two.test": "10.0.0.2" };
    const says = (question: string) => {
      const data = zones[question];
      return data === undefined ? { rcode: NXDOMAIN } : { answers: [address(question.slice(2), data, 600)] };
    };
    await withNameServer(says, async ({ endpoint, questions }) => {
      const resolvConf = path.join(folder, "resolv.conf");
      const shared = keeper();
      const found = async (): Promise<string[]> => {
        const resolver = createResolver({ servers: [endpoint], hosts: new Map() }, { ipv6: () => false, resolvConf, shared });
        const addresses = await firstValueFrom(resolver.resolve("api"));
        resolver.close();
        return addresses.map((each) => each.address);
      };
      await writeFile(resolvConf, "search one.test\n");
      expect([await found(), await found()]).to.deep.equal([["10.0.0.1"], ["10.0.0.1"]]);
      expect(questions).to.have.length(1);
      await writeFile(resolvConf, "search two.test\n");
      expect(await found()).to.deep.equal(["10.0.0.2"]);
    });
  });
});
