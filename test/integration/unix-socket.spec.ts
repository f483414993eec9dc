import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { shapes } from "../support/shapes.ts";
import { connect, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** An echo at a unix socket in a folder of its own. */
async function startUnixEcho(): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-unix-"));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "upstream.sock");
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.on("error", () => undefined).pipe(socket));
  server.listen(path);
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  return { folder, path };
}

describe("unix sockets [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`carry bytes and half-close from one socket to another, with ${shape}`, async () => {
      const bytes = randomMebibytes(4);
      const { folder, path } = await startUnixEcho();
      const listen = join(folder, "proxy.sock");
      const { proxy, ended } = await startProxy({
        listeners: { web: { listen: `unix://${listen}`, upstream: `unix:${path}`, plugins: plugins() } },
      });
      cleanup.add(() => proxy.close());
      const client = await connect({ path: listen });
      const [echoed] = await Promise.all([digestOf(client), send(client, [bytes])]);
      expect(echoed.sha256).to.equal(sha256(bytes));
      const record = await ended();
      expect([record.transport, record.upstream, record.reason]).to.deep.equal(["unix", `unix:${path}`, "closed"]);
    });
  }

  it("serve IPv6 clients over TCP at [::1]", async function () {
    const { path } = await startUnixEcho();
    const started = await startProxy({ listeners: { web: { listen: "tcp://[::1]:0", upstream: `unix:${path}` } } }).catch(() => undefined);
    if (started === undefined) return this.skip();
    cleanup.add(() => started.proxy.close());
    const client = await connect({ host: "::1", port: started.port() });
    const [echoed] = await Promise.all([digestOf(client), send(client, [Buffer.from("hello")])]);
    expect(echoed.bytes).to.equal(5);
    expect((await started.ended()).client).to.match(/^\[::1\]:\d+$/);
    return undefined;
  });
});
