import { expect } from "chai";
import { of, tap } from "rxjs";
import { createProxy, definePlugin, respond, type Session } from "sluice";
import { http } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { liveHeap } from "../support/process-table.ts";

const connections = 5;

describe("An HTTP/2 connection that has ended", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const how of ["close", "destroy"] as const) {
    it(`is not kept in memory until timeouts.keepAlive is over, after its client's ${how}()`, async () => {
      const seen: WeakRef<Session>[] = [];
      const look = definePlugin("look", () => ({
        admit: (sessions) => sessions.pipe(tap((session) => void seen.push(new WeakRef(session)))),
        exchange: () => of(respond(200, "served")),
      }));
      const proxy = await createProxy(
        { listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [look(), http()], upstream: "127.0.0.1:9" } } },
        { logger: createLogger({ level: "silent" }) },
      );
      cleanup.add(() => proxy.close());
      const { port = 0 } = proxy.listeners["web"]?.address ?? {};
      for (let made = 0; made < connections; made += 1) {
        const client = openHttp2(cleanup, port);
        expect(String((await askOn(client, { ":path": "/" })).body)).to.equal("served");
        client[how]();
      }
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
      expect(seen).to.have.length(connections);
      await eventually(async () => {
        await liveHeap();
        expect(seen.filter((session) => session.deref() !== undefined)).to.have.length(0);
      });
    });
  }
});
