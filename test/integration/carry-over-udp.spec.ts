import { expect } from "chai";
import type { PluginUse, SluiceConfig } from "sluice";
import { carry } from "sluice/flow";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("carry over UDP [reload]", () => {
  it("continues to count over a reload, with a state for each client", async () => {
    const counted = (): PluginUse =>
      plugin("counted", {
        fromUpstream: carry({
          start: () => ({ datagrams: 0 }),
          step: (state, datagram: Buffer) => Buffer.concat([datagram, Buffer.from(String((state.datagrams += 1)))]),
        }),
      });
    const server = cleanup.keep(await bindUdp());
    server.on("message", (datagram, from) => server.send(datagram, from.port, from.address));
    const config = (): SluiceConfig => ({
      listeners: { u: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${server.address().port}`, plugins: [counted()] } },
    });
    const { proxy, port } = await startProxy(config());
    cleanup.add(() => proxy.close());
    const clients = await Promise.all([bindUdp(), bindUdp()]);
    for (const client of clients) cleanup.add(() => void client.close());
    const asks = async (client: (typeof clients)[number], text: string): Promise<string> => {
      const reply = eventOf(client, "message");
      client.send(text, port(), "127.0.0.1");
      return String((await reply)[0]);
    };
    expect([await asks(clients[0], "a"), await asks(clients[0], "b"), await asks(clients[1], "c")]).to.deep.equal(["a1", "b2", "c1"]);
    await proxy.apply(config());
    expect([await asks(clients[0], "d"), await asks(clients[1], "e")]).to.deep.equal(["d3", "e2"]);
  });
});
