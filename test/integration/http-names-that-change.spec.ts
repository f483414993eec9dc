import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createProxy, type PluginUse } from "sluice";
import { dnsCache, http } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { address, withNameServer } from "../support/name-server.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** @returns its port, and how many connections it was opened */
async function startAt(host: string, port: number): Promise<{ port: number; opened: () => number }> {
  let opened = 0;
  const server = createServer((_request, response) => response.end(host));
  server.on("connection", () => (opened += 1));
  server.listen(port, host);
  await eventOf(server, "listening");
  cleanup.add(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, opened: () => opened };
}

describe("Kept connections to an upstream whose name changes", function () {
  this.timeout(30_000);
  const cases: Readonly<Record<string, readonly PluginUse[]>> = { "http()": [http()], "http() and dnsCache()": [http(), dnsCache()] };
  for (const [name, plugins] of Object.entries(cases))
    it(`are not used any more once the name's time to live is over, even if the old server still runs: ${name}`, async () => {
      const old = await startAt("127.0.0.1", 0);
      await startAt("127.0.0.2", old.port);
      let at = "127.0.0.1";
      await withNameServer(
        () => ({ answers: [address("api.test", at, 1)] }),
        async (server) => {
          const config = {
            dns: { servers: [server.endpoint] },
            listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `api.test:${old.port}`, plugins } },
          };
          const proxy = cleanup.keep(await createProxy(config, { logger: createLogger({ level: "silent" }) }));
          const port = proxy.listeners["web"]?.address.port ?? 0;
          const whoAnswers = async (): Promise<string> => (await ask(port)).body;
          for (const _ of [1, 2, 3]) {
            expect(await whoAnswers()).to.equal("127.0.0.1");
          }
          expect(old.opened(), "one connection is kept").to.equal(1);
          at = "127.0.0.2";
          await eventually(async () => expect(await whoAnswers()).to.equal("127.0.0.2"), { within: 10_000 });
        },
      );
    });
});
