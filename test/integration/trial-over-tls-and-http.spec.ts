import { expect } from "chai";
import { Agent } from "node:http";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { of } from "rxjs";
import type { PluginUse } from "sluice";
import { http, tlsTermination } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { answers, config, fail, mark, start } from "../support/on-trial.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const trial = { share: 0.5, for: "1h", faults: 1 } as const;

describe("a save on trial", () => {
  it("is tried on sessions over TLS, which return to the old plugins when it is taken back", async () => {
    const { cert, key } = await createCertificate("localhost");
    const given = (letter: string) => ({ plugins: [tlsTermination({ cert, key }), mark(letter)], listen: "tls://127.0.0.1:0", trial });
    const started = await start(cleanup, given("A"));
    const open = async (): Promise<TLSSocket> => {
      const socket = cleanup.keep(connectTls({ port: started.port("web"), host: "127.0.0.1", rejectUnauthorized: false }));
      await eventOf(socket, "secureConnect");
      return socket;
    };
    const sockets = [await open(), await open(), await open()] as const;
    expect(await answers(sockets)).to.equal("AAA");
    await started.proxy.apply(config(given("B")));
    expect(await answers(sockets)).to.equal("BAB");
    await fail(sockets[0]);
    expect((await started.event("taken-back")).generation).to.equal(2);
    expect(await answers([sockets[1], sockets[2], await open()])).to.equal("AAA");
  });

  it("is tried on HTTP connections: after a failed request, the next request of the connection uses the old plugins", async () => {
    const stamp = (letter: string): PluginUse =>
      plugin("stamp", {
        exchange: (_attempt, { url }) => {
          if (url === "/boom" && letter === "B") throw new Error("boom");
          return of({ status: 200, headers: {}, body: letter });
        },
      });
    const given = (letter: string) => ({ plugins: [stamp(letter), http({ routes: [{ path: "/", upstream: "127.0.0.1:9" }] })], trial });
    const started = await start(cleanup, given("A"));
    const agents = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })] as const;
    cleanup.add(() => {
      for (const agent of agents) agent.destroy();
    });
    const get = async (agent: Agent, path = "/"): Promise<string> => {
      const { status, body } = await ask(started.port("web"), { agent, path });
      return status === 200 ? body : String(status);
    };
    const bodies = async (): Promise<string[]> => [await get(agents[0]), await get(agents[1])];
    expect(await bodies()).to.deep.equal(["A", "A"]);
    expect(started.proxy.sessions.size).to.equal(2);
    await started.proxy.apply(config(given("B")));
    expect(await bodies()).to.deep.equal(["B", "A"]);
    expect(await get(agents[0], "/boom")).to.equal("500");
    expect((await started.event("taken-back")).reason).to.match(/^stamp failed 1 time/);
    expect(await bodies()).to.deep.equal(["A", "A"]);
    expect(started.proxy.sessions.size, "on the same connections").to.equal(2);
  });
});
