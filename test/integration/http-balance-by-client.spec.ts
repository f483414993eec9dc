import { expect } from "chai";
import { connect as connectHttp2 } from "node:http2";
import type { UpstreamOptions } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { askOn } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";

describe("Requests that a trusted proxy passes on", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const clients = Array.from({ length: 12 }, (_, at) => `192.0.2.${at}`);
  const policies: Record<string, Omit<UpstreamOptions, "endpoints">> = {
    'balance: "hash"': { balance: "hash" },
    "a hash function": { balance: "hash", hash: ({ client }) => client.address },
    "a function of the config": {
      balance: (candidates, { client }) => {
        const chosen = candidates[Number(client.address.split(".").at(-1)) % candidates.length];
        if (chosen === undefined) throw new Error("no candidates");
        return chosen;
      },
    },
  };
  for (const [name, policy] of Object.entries(policies))
    it(`are balanced by their own client with ${name}, over HTTP/1 and HTTP/2 alike`, async () => {
      const upstreams = await Promise.all(["a", "b", "c"].map((each) => startHttpUpstream(cleanup, telling(each))));
      const endpoints = upstreams.map(({ endpoint }) => endpoint);
      const { port } = await startHttpProxy(
        cleanup,
        { trustedProxies: ["127.0.0.1"] },
        { listener: { upstream: { endpoints, ...policy } } },
      );
      const session = cleanup.keep(connectHttp2(`http://127.0.0.1:${port()}`));
      const reached: string[] = [];
      for (const client of clients) {
        const one = await ask(port(), { headers: { "x-forwarded-for": client } });
        const other = await askOn(session, { ":path": "/", "x-forwarded-for": client });
        expect(other.told().name, client).to.equal(one.told.name);
        reached.push(one.told.name);
      }
      expect(new Set(reached).size).to.be.above(1);
    });
});
