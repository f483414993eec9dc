import { expect } from "chai";
import type { EndpointCandidate, SessionPolicy, SluiceConfig, UpstreamConfig } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { both } from "../support/shapes.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

describe("A long-lived UDP flow, when a save changes its upstream,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** An upstream that answers with its name. */
  async function startUpstream(name: string): Promise<string> {
    const socket = await bindUdp();
    const endpoint = `127.0.0.1:${socket.address().port}`;
    stops.set(endpoint, () => new Promise<void>((resolve) => void socket.close(resolve)));
    cleanup.add(() => stopUpstream(endpoint));
    socket.on("message", (_datagram, from) => void socket.send(name, from.port, from.address));
    return endpoint;
  }

  const stops = new Map<string, () => Promise<void>>();
  const stopUpstream = async (endpoint: string): Promise<void> => {
    const stop = stops.get(endpoint);
    stops.delete(endpoint);
    await stop?.();
  };

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

  it("changes to the new upstream at the deadline of the drain, and stays at an upstream that a plugin has chosen", async () => {
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

  describe("is not changed", () => {
    const stays: Record<string, (mine: string, other: string) => readonly [before: UpstreamConfig, after: UpstreamConfig]> = {
      "by another weight": (mine) => [{ endpoints: [mine] }, { endpoints: [{ address: mine, weight: 7 }] }],
      "by a function that is written in place": (mine) => {
        const config = (): UpstreamConfig => ({ endpoints: [mine], balance: ([first]) => first as EndpointCandidate });
        return [config(), config()];
      },
      "by another policy": (mine) => [mine, { endpoints: [mine], balance: "least-connections" }],
      "by another health check": (mine) => [mine, { endpoints: [mine], onDown: "close", slowStart: "1s" }],
      "by an endpoint that is added": (mine, other) => [mine, [mine, other]],
      "by another endpoint that is gone": (mine, other) => [[mine, other], mine],
    };
    for (const [what, upstreams] of Object.entries(stays)) {
      for (const sessions of ["swap", "close", "drain"] as const) {
        it(`${what} (${sessions})`, async () => {
          const [before, after] = upstreams(await startUpstream("mine"), await startUpstream("other"));
          const config = (upstream: UpstreamConfig): SluiceConfig => ({
            listeners: { dns: { listen: "udp://127.0.0.1:0", upstream, reload: { sessions, deadline: "1ms" } } },
          });
          const { proxy, port, all } = await startProxy(config(before));
          cleanup.add(() => proxy.close());
          const client = await startUdpClient(cleanup, port());
          expect(String(await client.ask("?"))).to.equal("mine");
          const report = await proxy.apply(config(after));
          expect(report.steps.map(({ action }) => action)).to.deep.equal([what.endsWith("gone") ? sessions : "keep"]);
          expect(String(await client.ask("?"))).to.equal("mine");
          expect(all("session-started")).to.have.length(1);
        });
      }
    }
  });

  it("chooses an endpoint of the new config when its old endpoint no longer answers", async () => {
    for (const more of [[], ["127.0.0.1:9"]]) {
      const [dies, next] = [await startUpstream("dies"), await startUpstream("next")];
      const config = (...upstream: string[]): SluiceConfig => ({ listeners: { dns: { listen: "udp://127.0.0.1:0", upstream } } });
      const { proxy, port, ended } = await startProxy(config(dies, ...more));
      cleanup.add(() => proxy.close());
      const client = await startUdpClient(cleanup, port());
      expect(String(await client.ask("?"))).to.equal("dies");
      await proxy.apply(config(dies, next));
      expect(String(await client.ask("?"))).to.equal("dies");
      await stopUpstream(dies);
      await eventually(async () => expect(String(await client.ask("?", 100))).to.equal("next"));
      expect(await ended()).to.include({ reason: "SLUICE_UPSTREAM_REFUSED", upstream: dies });
    }
  });
});
