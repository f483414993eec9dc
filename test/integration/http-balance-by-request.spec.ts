import { expect } from "chai";
import { connect as connectHttp2 } from "node:http2";
import type { UpstreamOptions } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { askOn } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";

describe("Requests of one client", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const paths = Array.from({ length: 12 }, (_, at) => `/page/${at}`);
  const policies: Record<string, Omit<UpstreamOptions, "endpoints">> = {
    "a hash of the URL": { balance: "hash", hash: (_session, request) => request?.url ?? "" },
    "a hash of a header field": { balance: "hash", hash: (_session, request) => String(request?.headers["x-key"]) },
    "a function of the config": {
      balance: (candidates, _session, request) => {
        const chosen = candidates[Number(request?.url.split("/").at(-1)) % candidates.length];
        if (chosen === undefined) throw new Error("no candidates");
        return chosen;
      },
    },
  };
  for (const [name, policy] of Object.entries(policies))
    it(`are balanced by ${name}, over HTTP/1 and HTTP/2 alike`, async () => {
      const upstreams = await Promise.all(["a", "b", "c"].map((each) => startHttpUpstream(cleanup, telling(each))));
      const endpoints = upstreams.map(({ endpoint }) => endpoint);
      const { port } = await startHttpProxy(cleanup, {}, { listener: { upstream: { endpoints, ...policy } } });
      const session = cleanup.keep(connectHttp2(`http://127.0.0.1:${port()}`));
      const reached: string[] = [];
      for (const path of paths) {
        const one = await ask(port(), { path, headers: { "x-key": path } });
        const other = await askOn(session, { ":path": path, "x-key": path });
        expect(other.told().name, path).to.equal(one.told.name);
        reached.push(one.told.name);
      }
      expect(new Set(reached).size).to.be.above(1);
    });

  it("wait for room, and are then balanced by themselves", async () => {
    const upstreams = await Promise.all(["a", "b"].map((each) => startHttpUpstream(cleanup, telling(each))));
    const seen: (string | undefined)[] = [];
    const upstream: UpstreamOptions = {
      endpoints: upstreams.map(({ endpoint }) => ({ address: endpoint, maxSessions: 1 })),
      balance: "hash",
      hash: (_session, request) => {
        seen.push(request?.url);
        return request?.url ?? "";
      },
      queue: {},
    };
    const { port } = await startHttpProxy(cleanup, {}, { listener: { upstream } });
    const answers = await Promise.all(paths.map((path) => ask(port(), { path })));
    expect(answers.map(({ status }) => status)).to.deep.equal(paths.map(() => 200));
    expect(new Set(seen)).to.deep.equal(new Set(paths));
  });
});
