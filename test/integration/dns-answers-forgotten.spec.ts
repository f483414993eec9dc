import { expect } from "chai";
import { createProxy } from "sluice";
import { dnsCache } from "sluice/plugins";
import { resolveConfig } from "../support/resolve-config.ts";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { address, dnsClient, withNameServer } from "../support/name-server.ts";

const logger = createLogger({ level: "silent" });

describe("Kept DNS answers of a UDP listener", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const [what, sessions, saves] of [
    ["by the clients that are there", "swap", []],
    ["also when a save comes before the next client", "keep", [12]],
  ] as const) {
    it(`survive a save, and are forgotten by a reload of everything, ${what}`, async () => {
      let now = "192.0.2.1";
      const reply = () => ({ answers: [address("www.test", now, 300)] });
      await withNameServer(reply, async (server) => {
        const configOf = (max: number) => ({
          listeners: {
            dns: { listen: "udp://127.0.0.1:0", upstream: server.endpoint, plugins: [dnsCache({ max })], reload: { sessions } },
          },
        });
        const proxy = cleanup.keep(await createProxy(configOf(10), { logger }));
        const another = async () => cleanup.keep(await dnsClient(proxy.listeners["dns"]?.address.port ?? 0));
        const lasting = await another();
        const ask = async (id: number, client = lasting) => {
          const { answers = [] } = await client.ask(id, "www.test");
          return answers.map((answer) => ("data" in answer ? answer.data : undefined));
        };
        expect(await ask(1)).to.deep.equal(["192.0.2.1"]);
        now = "192.0.2.2";
        await proxy.apply(configOf(11));
        expect(await ask(2)).to.deep.equal(["192.0.2.1"]);
        await proxy.applyResolved(resolveConfig(configOf(11)), true);
        for (const max of saves) {
          await proxy.apply(configOf(max));
        }
        expect(await ask(3, sessions === "keep" ? await another() : lasting)).to.deep.equal(["192.0.2.2"]);
        now = "192.0.2.3";
        expect(await ask(4)).to.deep.equal(["192.0.2.2"]);
      });
    });
  }

  it("survive when a reload of everything is refused", async () => {
    let now = "192.0.2.1";
    const reply = () => ({ answers: [address("www.test", now, 300)] });
    await withNameServer(reply, async (server) => {
      const dns = { listen: "udp://127.0.0.1:0", upstream: server.endpoint, plugins: [dnsCache()] };
      const proxy = cleanup.keep(await createProxy({ listeners: { dns } }, { logger }));
      const client = cleanup.keep(await dnsClient(proxy.listeners["dns"]?.address.port ?? 0));
      await client.ask(1, "www.test");
      now = "192.0.2.2";
      const taken = { listen: `udp://${server.endpoint}`, upstream: "127.0.0.1:9" };
      const refused = await proxy.applyResolved(resolveConfig({ listeners: { dns, taken } }), true).catch((error: unknown) => error);
      expect(refused).to.have.property("code", "SLUICE_ADDRESS_IN_USE");
      await client.ask(2, "www.test");
      expect(server.questions).to.deep.equal(["A www.test"]);
    });
  });
});
