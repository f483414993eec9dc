import { expect } from "chai";
import type { SessionPolicy, SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { both } from "../support/shapes.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

describe("A lasting UDP flow, when a save changes its upstream,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** An upstream that answers with its name. */
  async function startUpstream(name: string): Promise<string> {
    const socket = await bindUdp();
    cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
    socket.on("message", (_datagram, from) => void socket.send(name, from.port, from.address));
    return `127.0.0.1:${socket.address().port}`;
  }

  const upper = both("upper", (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))));
  const outcomes: Readonly<Record<SessionPolicy, { readonly answer: string; readonly ended: boolean }>> = {
    swap: { answer: "second", ended: true },
    keep: { answer: "first", ended: false },
    drain: { answer: "first", ended: false },
    close: { answer: "second", ended: true },
  };

  for (const [policy, { answer, ended }] of Object.entries(outcomes) as [SessionPolicy, (typeof outcomes)[SessionPolicy]][]) {
    for (const plugins of [[], [upper]]) {
      it(`answers from the ${answer} (${policy}${plugins.length > 0 ? ", with other plugins too" : ""})`, async () => {
        const [first, second] = [await startUpstream("first"), await startUpstream("second")];
        const config = (upstream: string, uses = plugins): SluiceConfig => ({
          listeners: { dns: { listen: "udp://127.0.0.1:0", upstream, plugins: uses, reload: { sessions: policy, deadline: "60s" } } },
        });
        const { proxy, port, all } = await startProxy(config(first, []));
        cleanup.add(() => proxy.close());
        const client = await startUdpClient(cleanup, port());
        expect(String(await client.ask("?"))).to.equal("first");
        await proxy.apply(config(second));
        const word = plugins.length > 0 && answer === "second" ? "SECOND" : answer;
        expect(String(await client.ask("?"))).to.equal(word);
        expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(ended ? ["SLUICE_CLOSED"] : []);
        const other = await startUdpClient(cleanup, port());
        expect(String(await other.ask("?"))).to.equal(plugins.length > 0 ? "SECOND" : "second");
      });
    }
  }

  it("reaches the new one at the drain's deadline, and stays where a plugin has sent it", async () => {
    const [first, second, third] = [await startUpstream("first"), await startUpstream("second"), await startUpstream("third")];
    const elsewhere = plugin("elsewhere", {
      admit: (arrival, session) => {
        session.retarget(third);
        return arrival;
      },
    });
    const config = (upstream: string): SluiceConfig => ({
      listeners: {
        drains: { listen: "udp://127.0.0.1:0", upstream, reload: { sessions: "drain", deadline: "10ms" } },
        sent: { listen: "udp://127.0.0.1:0", upstream, plugins: [elsewhere] },
      },
    });
    const { proxy, port, ended } = await startProxy(config(first));
    cleanup.add(() => proxy.close());
    const [draining, sent] = [await startUdpClient(cleanup, port("drains")), await startUdpClient(cleanup, port("sent"))];
    expect(String(await draining.ask("?"))).to.equal("first");
    expect(String(await sent.ask("?"))).to.equal("third");
    await proxy.apply(config(second));
    expect((await ended("SLUICE_DRAIN_DEADLINE")).listener).to.equal("drains");
    expect(String(await draining.ask("?"))).to.equal("second");
    expect(String(await sent.ask("?"))).to.equal("third");
    expect([...proxy.sessions].map(({ upstream }) => upstream)).to.include(third);
  });
});
