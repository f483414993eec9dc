import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { breakOf } from "../support/reset.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";
import type { SluiceConfig } from "sluice";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const limits: Readonly<Record<string, { readonly limits: NonNullable<SluiceConfig["limits"]>; readonly code: string }>> = {
  "limits.sessions": { limits: { sessions: 20 }, code: "SLUICE_LIMIT_SESSIONS" },
  "limits.sessionsPerClient": { limits: { sessionsPerClient: 20 }, code: "SLUICE_LIMIT_SESSIONS_PER_CLIENT" },
};

async function answers(client: Socket): Promise<boolean> {
  client.write("hello");
  return String(await readBytes(client, 5, 20_000)) === "hello";
}

describe("session limits [data path]", () => {
  for (const [name, { limits: given, code }] of Object.entries(limits)) {
    it(`serves exactly as many sessions as ${name} allows, closes the rest, and frees the slots afterwards`, async () => {
      const { port, proxy, all } = await startForward(cleanup, "echo", { limits: given });
      const served: Socket[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        served.push(await connect(port()));
      }
      expect(await Promise.all(served.map(answers))).to.deep.equal(served.map(() => true));
      const flood = await Promise.all(Array.from({ length: 40 }, () => connect(port())));
      await Promise.all(flood.map((client) => breakOf(client)));
      expect(all("session-refused").map(({ error }) => error.code)).to.deep.equal(flood.map(() => code));
      expect(await Promise.all(served.map(answers)), "the first ones").to.deep.equal(served.map(() => true));
      for (const client of flood) client.destroy();
      for (const client of served) client.destroy();
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
      const again = await connect(port());
      expect(await answers(again)).to.equal(true);
      again.destroy();
    });
  }

  it("leaves nothing open after 1,000 connections: no sessions, sockets or plugins", async function () {
    this.timeout(60_000);
    let torn = 0;
    let open = 0;
    const counting = plugin("counting", {
      fromClient: (data, session) => {
        open += 1;
        session.signal.addEventListener("abort", () => (open -= 1));
        return data;
      },
      teardown: () => void (torn += 1),
    });
    const { port, proxy, upstream, all } = await startForward(cleanup, "echo", { plugins: [counting], limits: { sessions: 5000 } });
    const clients: Socket[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      // In groups, because both ends and the proxy share this process.
      const group = await Promise.all(Array.from({ length: 100 }, () => connect(port())));
      expect((await Promise.all(group.map(answers))).every(Boolean)).to.equal(true);
      clients.push(...group);
    }
    expect([proxy.sessions.size, open]).to.deep.equal([1000, 1000]);
    clients.forEach((client, at) => (at % 2 === 0 ? client.resetAndDestroy() : client.end()));
    await eventually(() => expect([proxy.sessions.size, upstream.sockets.size, open]).to.deep.equal([0, 0, 0]), { within: 10_000 });
    expect(all("session-ended")).to.have.length(1000);
    await proxy.close();
    expect(torn).to.equal(1);
    for (const client of clients) client.destroy();
  });

  it("survives a scan of 500 connections that send nothing", async () => {
    const { port, proxy, upstream } = await startForward(cleanup, "echo", { limits: { sessions: 5000 } });
    const clients = await Promise.all(Array.from({ length: 500 }, () => connect(port())));
    for (const client of clients) client.destroy();
    await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]));
    const client = await connect(port());
    expect(await answers(client)).to.equal(true);
    client.destroy();
  });
});
