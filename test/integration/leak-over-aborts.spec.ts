// Runs in a process of its own: it compares the heap of this process over five thousand connections.
import { expect } from "chai";
import { createProxy } from "sluice";
import { each } from "sluice/flow";
import { logging, rateLimit, retry } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { hasProcessTable, liveHeap, openDescriptors } from "../support/process-table.ts";
import { connect } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const mebibyte = 1024 * 1024;
const connections = 5_000;
const atOnce = 50;

/** Ways to go away: at once, after some bytes, with an answer under way, after a FIN. */
async function abort(port: number, at: number): Promise<void> {
  const socket = await connect(port);
  if (at % 4 === 1) socket.write("x".repeat(100));
  if (at % 4 === 2) {
    socket.write("x".repeat(10_000));
    await new Promise((resolve) => socket.once("data", resolve));
  }
  if (at % 4 === 3) socket.end("bye");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  if (at % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

describe("Five thousand connections that are aborted", function () {
  this.timeout(180_000);

  it("leave no more memory, descriptors and sessions in use than before", async function () {
    if (!hasProcessTable) this.skip();
    await withEchoServer(async (upstream) => {
      const probe = createProbe({ hooks: () => ({ fromClient: (data) => data.pipe(each(async (chunk) => chunk)) }) });
      const plugins = [logging(), rateLimit({ bytes: { rate: "1GiB" } }), retry(), probe.use()];
      const proxy = await createProxy(
        { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins } } },
        { logger: createLogger({ level: "silent" }) },
      );
      const port = proxy.listeners["web"]?.address.port ?? 0;
      const abortMany = async (count: number): Promise<void> => {
        for (let at = 0; at < count; at += atOnce) {
          await Promise.all(Array.from({ length: atOnce }, (_, one) => abort(port, at + one)));
        }
        await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]), { within: 10_000 });
      };
      await abortMany(1_000);
      const [heap, descriptors] = [await liveHeap(), openDescriptors()];
      await abortMany(connections);
      expect(openDescriptors()).to.be.at.most(descriptors);
      // A session that stayed would be several kilobytes: all of them, tens of mebibytes.
      expect(((await liveHeap()) - heap) / mebibyte, "MiB of growth").to.be.lessThan(3);
      expect(await exchangeOnce(port, "alive")).to.equal("alive");
      await proxy.close();
      expect(probe.count("teardown")).to.equal(1);
    });
  });
});
