import { expect } from "chai";
import { Agent } from "node:http";
import { map, Observable, take } from "rxjs";
import type { FunctionPlugin, HttpResponse } from "sluice";
import { http } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { ask } from "../support/http-client.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Passes everything on, and throws when it is unsubscribed from. */
const clumsy = <T>(data: Observable<T>): Observable<T> =>
  new Observable((subscriber) => {
    data.subscribe(subscriber);
    return () => {
      throw new Error("boom");
    };
  });

const byteHooks: Readonly<Record<string, FunctionPlugin>> = {
  fromClient: { fromClient: clumsy },
  fromUpstream: { fromUpstream: clumsy },
  "both byte hooks": { fromClient: clumsy, fromUpstream: clumsy },
  "a byte hook that leaves early": { fromClient: (data) => clumsy(data).pipe(take(1)) },
};
const openingHooks: Readonly<Record<string, FunctionPlugin>> = {
  admit: { admit: clumsy },
  connect: { connect: clumsy },
  resolve: { resolve: clumsy },
};

describe("operators that throw on unsubscribe [data path]", () => {
  expectNothingUncaught();

  for (const how of ["finishes", "is reset"] as const) {
    for (const [name, hooks] of Object.entries({ ...byteHooks, ...openingHooks })) {
      it(`do not prevent the end of their session when the client ${how}: ${name}`, async () => {
        const { port, proxy, ended, upstream } = await startForward(cleanup, "echo", {
          plugins: [plugin("clumsy", hooks)],
          upstreamName: "upstream.test",
        });
        const client = await connect(port());
        client.write("hello");
        await readBytes(client, 5).catch(() => undefined);
        if (how === "finishes") client.end();
        else client.resetAndDestroy();
        await ended();
        await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]));
        client.destroy();
      });
    }
  }

  for (const [name, hooks] of Object.entries(byteHooks)) {
    it(`are named in the report of the fault: ${name}`, async () => {
      const { port, event } = await startForward(cleanup, "echo", { plugins: [plugin("clumsy", hooks)] });
      const client = await connect(port());
      client.end("hello");
      const fault = await event("plugin-fault");
      expect([fault.plugin, fault.error.code, fault.error.cause]).to.deep.include.members(["clumsy", "SLUICE_PLUGIN_FAILED"]);
      await closeOf(client);
    });
  }

  it("are bypassed with onError bypass, and named", async () => {
    const uses = [plugin("clumsy", { fromClient: clumsy, fromUpstream: clumsy }, { onError: "bypass" })];
    const { port, ended, all } = await startForward(cleanup, "echo", { plugins: uses });
    const client = await connect(port());
    client.end("hello");
    expect(String(await readBytes(client, 5))).to.equal("hello");
    expect((await ended()).reason).to.equal("closed");
    expect(all("plugin-fault").map((fault) => fault.plugin)).to.deep.equal(["clumsy", "clumsy"]);
  });

  for (const [name, wrap] of Object.entries({
    "at the end of a hook": clumsy,
    "in the middle of a hook": (data: Observable<HttpResponse>) => clumsy(data).pipe(map((response) => response)),
  })) {
    it(`leave an exchange and its connection as they are, and are warned of: ${name}`, async () => {
      const { port, all, proxy } = await startForward(cleanup, "http", { plugins: [plugin("clumsy", { exchange: wrap }), http()] });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const path of ["/first", "/second"]) expect((await ask(port(), { path, agent })).status).to.equal(200);
      agent.destroy();
      const left = await connect(port());
      left.write("GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n");
      left.resetAndDestroy();
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
      expect(all("warning").map(({ message }) => message)).to.include("a plugin's hook failed when it was unsubscribed from: boom");
    });
  }

  it("can be swapped out of a session by a reload; the session continues or ends, and no other session is harmed", async () => {
    const { port, proxy, config, event } = await startForward(cleanup, "echo", { plugins: [plugin("clumsy", { fromClient: clumsy })] });
    const client = await connect(port());
    client.write("hello");
    await readBytes(client, 5);
    await proxy.apply(config([]));
    expect((await event("plugin-fault")).plugin).to.equal("clumsy");
    const next = await connect(port());
    next.write("hello");
    expect(String(await readBytes(next, 5))).to.equal("hello");
    next.destroy();
    client.destroy();
  });
});
