import { expect } from "chai";
import { NEVER } from "rxjs";
import { Worker } from "node:worker_threads";
import { createCleanup } from "../support/cleanup.ts";
import { eventOf } from "../support/bounded.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { breakOf } from "../support/reset.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

// A server whose thread sleeps after listening: its backlog fills, and the kernel drops every further SYN, as a black hole does.
const sleeper = `
  const { createServer } = require("node:net");
  const { parentPort } = require("node:worker_threads");
  const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000));
  });
`;

async function startBlackHole(): Promise<number> {
  const worker = new Worker(sleeper, { eval: true });
  cleanup.add(async () => void (await worker.terminate()));
  const [port] = (await eventOf(worker, "message")) as [number];
  const fillers = Array.from({ length: 8 }, () => connect(port).catch(() => undefined));
  cleanup.add(async () => {
    await worker.terminate();
    for (const filler of await Promise.all(fillers)) filler?.destroy();
  });
  await fillers[0];
  await fillers[1];
  return port;
}

async function start(upstream: string, connectMs = 200): Promise<TestProxy> {
  const started = await startProxy({ timeouts: { connect: connectMs }, listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } });
  cleanup.add(() => started.proxy.close());
  return started;
}

describe("an upstream that cannot be reached, and timeouts [data path]", () => {
  it("closes the client without a byte when the upstream refuses", async () => {
    const { port, ended } = await start(`127.0.0.1:${await freePort()}`);
    const client = await connect(port());
    expect(await breakOf(client)).to.equal(undefined);
    expect(client.bytesRead).to.equal(0);
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_REFUSED");
    client.destroy();
  });

  it("closes the client after timeouts.connect when the upstream answers no SYN", async () => {
    const { port, ended } = await start(`127.0.0.1:${await startBlackHole()}`);
    const client = await connect(port());
    await breakOf(client);
    const record = await ended();
    expect(record.reason).to.equal("SLUICE_UPSTREAM_TIMEOUT");
    expect(record.durationMs).to.be.at.least(190);
    client.destroy();
  });

  it("counts a look-up that never ends as part of timeouts.connect", async () => {
    const silent = plugin("silent", { resolve: () => NEVER });
    const { port, ended } = await startForward(cleanup, "echo", {
      plugins: [silent],
      upstreamName: "upstream.test",
      timeouts: { connect: 100 },
    });
    const client = await connect(port());
    await breakOf(client);
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_TIMEOUT");
    client.destroy();
  });

  it("closes both sides of a session without traffic for timeouts.idle", async () => {
    const { port, ended, upstream } = await startForward(cleanup, "hang", { timeouts: { idle: 200 } });
    const client = await connect(port());
    client.write("hello");
    expect(await breakOf(client)).to.equal(undefined);
    const record = await ended();
    expect(record.reason).to.equal("SLUICE_IDLE_TIMEOUT");
    expect(record.durationMs).to.be.at.least(190);
    for (const socket of upstream.sockets) socket.end();
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
    client.destroy();
  });

  it("keeps a session with traffic from either side", async () => {
    const { port, all } = await startForward(cleanup, "echo", { timeouts: { idle: 300 } });
    const client = await connect(port());
    const end = performance.now() + 900;
    await eventually(async () => {
      client.write("tick");
      await readBytes(client, 4);
      expect(performance.now()).to.be.above(end);
    });
    expect(all("session-ended")).to.have.length(0);
    client.destroy();
  });

  it("uses the next endpoint when one refuses, and uses an endpoint again when it is back", async () => {
    const { upstream } = await startForward(cleanup, "echo");
    const started = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: [`127.0.0.1:${await freePort()}`, upstream.endpoint] } } },
    });
    cleanup.add(() => started.proxy.close());
    const reasons: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const client = await connect(started.port());
      client.write("hello");
      reasons.push(await readBytes(client, 5).then(String, () => "refused"));
      client.destroy();
    }
    expect(reasons, "the one that failed is left alone for a while").to.deep.equal(["refused", "hello", "hello", "hello"]);
  });
});
