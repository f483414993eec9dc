import { expect } from "chai";
import { createProxy, type Proxy } from "sluice";
import { echo, rateLimit } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { closeOf, connect, readAll } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });
const kibibyte = 1024;

describe("rateLimit of bytes", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(over: "delay" | "reject", rate: number, upstream?: string): Promise<Proxy> {
    const plugins = [rateLimit({ bytes: { rate, burst: 64 * kibibyte }, over }), ...(upstream === undefined ? [echo()] : [])];
    const listener = { listen: "tcp://127.0.0.1:0", plugins, ...(upstream === undefined ? {} : { upstream }) };
    return cleanup.keep(await createProxy({ listeners: { web: listener } }, { logger }));
  }

  const portOf = (proxy: Proxy): number => proxy.listeners["web"]?.address.port ?? 0;

  it("limits a download to its rate, within 10 percent, and the download is complete", async () => {
    const size = 1_500 * kibibyte;
    const rate = 500 * kibibyte;
    const upstream = cleanup.keep(await startUpstream((socket) => void socket.resume().end(Buffer.alloc(size, 7))));
    const socket = await connect(portOf(await start("delay", rate, upstream.endpoint)));
    let [first, last, bytes, before] = [0, 0, 0, 0];
    socket.on("data", (chunk: Buffer) => {
      if (first === 0) first = performance.now();
      else bytes += chunk.length;
      last = performance.now();
      before += chunk.length;
    });
    const whole = await readAll(socket, 30_000);
    expect(whole.length).to.equal(size);
    expect(before).to.equal(size);
    // The first chunk and the burst come for nothing; a busy machine may only make it slower.
    const allowed = (rate * (last - first)) / 1_000 + 64 * kibibyte;
    expect(bytes).to.be.at.most(allowed * 1.1);
    socket.destroy();
  });

  it("ends a session that exceeds its rate with over: reject, and reports the reason", async () => {
    const proxy = await start("reject", 1_000);
    const reasons: string[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "session-ended") reasons.push(event.record.reason);
    });
    const socket = await connect(portOf(proxy));
    socket.write(Buffer.alloc(1_000_000));
    expect(await closeOf(socket)).to.equal("ECONNRESET");
    expect(reasons).to.deep.equal(["SLUICE_RATE_LIMITED"]);
  });

  it("has a bucket per direction: an upload at its limit does not slow the download", async () => {
    const size = 64 * kibibyte;
    const upstream = await startUpstream((socket) => {
      let got = 0;
      socket.on("data", (chunk: Buffer) => {
        got += chunk.length;
        if (got === size) socket.end(Buffer.alloc(size, 1));
      });
    });
    cleanup.add(() => upstream.close());
    const proxy = await start("reject", 1, upstream.endpoint);
    const socket = await connect(portOf(proxy));
    socket.write(Buffer.alloc(size));
    expect((await readAll(socket)).length).to.equal(size);
    socket.destroy();
  });
});
