import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { isRefused } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { failures, mustRun, passThrough, startInFront, startServer } from "../support/real-peer.ts";
import { freePort } from "../support/sockets.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();

interface Sum {
  readonly bytes: number;
  readonly packets?: number;
  readonly lost_packets?: number;
}

describe("iperf3 behind every pass-through plugin [trust]", function () {
  this.timeout(120_000);
  let iperf3: string;
  let started: TestProxy;

  before(async function () {
    iperf3 = requireTool(this, "iperf3");
    const port = await freePort();
    startServer(cleanup, iperf3, ["-s", "-B", "127.0.0.1", "-p", String(port)]);
    await eventually(async () => expect(await isRefused(port)).to.equal(false), { within: 15_000 });
    // Its control connection is TCP and its test may be UDP, both to the same port number.
    const at = await freePort();
    const upstream = `127.0.0.1:${port}`;
    started = await startInFront(cleanup, {
      tcp: { listen: `tcp://127.0.0.1:${at}`, upstream, plugins: passThrough() },
      udp: { listen: `udp://127.0.0.1:${at}`, upstream, plugins: passThrough() },
    });
  });
  afterEach(() => expect(failures(started).filter((text) => !/SLUICE_(CLIENT|UPSTREAM)_RESET/.test(text))).to.deep.equal([]));
  after(() => cleanup.run());

  const measure = async (
    ...options: readonly string[]
  ): Promise<{ readonly sum_sent?: Sum; readonly sum_received?: Sum; readonly sum: Sum }> => {
    const output = await mustRun(iperf3, ["-c", "127.0.0.1", "-p", String(started.port("tcp")), "-J", ...options]);
    const { end, error } = JSON.parse(output) as { readonly end: Awaited<ReturnType<typeof measure>>; readonly error?: string };
    expect(error).to.equal(undefined);
    return end;
  };

  for (const [what, options] of [
    ["to the server", ["-n", "100M"]],
    ["from the server", ["-n", "100M", "-R"]],
    ["over four connections", ["-n", "400M", "-P", "4"]],
  ] as const) {
    it(`transfers much data over TCP ${what}, and all bytes that were sent arrive`, async () => {
      const { sum_sent: sent, sum_received: received } = await measure(...options);
      expect(sent?.bytes).to.be.at.least(100_000_000);
      // What is under way when the sender has sent enough is not counted any more, also without a proxy.
      expect(received?.bytes).to.be.at.least((sent?.bytes ?? 0) * 0.9);
    });
  }

  it("loses no datagram over UDP", async () => {
    // A receiver that the machine keeps waiting loses some itself, also without a proxy: three tries to be lucky.
    const losses: unknown[] = [];
    for (let attempt = 0; attempt < 3 && !losses.includes(0); attempt += 1) {
      const { sum } = await measure("-u", "-b", "2M", "-l", "1200", "-t", "2");
      expect(sum.packets).to.be.at.least(200);
      losses.push(sum.lost_packets);
    }
    expect(losses).to.include(0);
  });
});
