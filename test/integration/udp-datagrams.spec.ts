import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { createCleanup } from "../support/cleanup.ts";
import { shapes } from "../support/shapes.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import type { UdpEchoServer } from "../support/with-echo-server.ts";
import { startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";
import type { PluginUse } from "sluice";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function startUdpForward(plugins: readonly PluginUse[] = []): Promise<TestProxy & { readonly upstream: UdpEchoServer }> {
  const upstream = cleanup.keep(await startUdpEcho());
  const started = cleanup.keep(
    await startProxy({
      limits: { udpSessions: 4096 },
      listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: upstream.endpoint, plugins } },
    }),
  );
  return { ...started, upstream };
}

describe("UDP datagrams [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`forwards complete datagrams of 0 to 65,507 bytes, with ${shape}`, async () => {
      const { port } = await startUdpForward(plugins());
      const client = await startUdpClient(cleanup, port());
      for (const size of [0, 1, 512, 1472, 1473, 9000, 16_385, 65_507]) {
        const datagram = randomBytes(size);
        // One after the other, so that each answer belongs to its question.
        expect((await client.ask(datagram)).equals(datagram), `${size} bytes`).to.equal(true);
      }
    });

    it(`keeps the order of a client's datagrams, with ${shape}`, async () => {
      const { port } = await startUdpForward(plugins());
      const client = await startUdpClient(cleanup, port());
      const count = 200;
      for (let turn = 0; turn < count - 1; turn += 1) client.send(String(turn));
      let last = await client.ask(String(count - 1));
      while (last.toString() !== String(count - 1)) {
        last = await new Promise<Buffer>((resolve) => void setImmediate(() => resolve(client.received.at(-1) ?? Buffer.alloc(0))));
      }
      expect(client.received.map(String)).to.deep.equal(Array.from({ length: count }, (_, turn) => String(turn)));
    });
  }

  for (const count of [50, 2000]) {
    it(`gives each of ${count} clients its own replies, through its own upstream port`, async function () {
      this.timeout(60_000);
      const { port, upstream, proxy } = await startUdpForward();
      const clients = await Promise.all(Array.from({ length: count }, () => startUdpClient(cleanup, port())));
      for (let start = 0; start < count; start += 50) {
        const group = clients.slice(start, start + 50);
        // In groups, because the echo server's receive buffer has an end.
        const answers = await Promise.all(group.map((client, at) => client.ask(`client ${start + at}`, 10_000)));
        expect(answers.map(String)).to.deep.equal(group.map((_, at) => `client ${start + at}`));
      }
      expect(upstream.sources.size, "upstream ports").to.equal(count);
      expect(proxy.sessions.size).to.equal(count);
      expect(clients.every(({ received }) => received.length === 1)).to.equal(true);
    });
  }
});
