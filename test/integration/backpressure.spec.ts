import { expect } from "chai";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets.ts";
import { block, growthLimit, mebibyte, plenty, push, stalled, startMeasured } from "../support/measured-proxy.ts";
import { digestOf } from "../support/transfer.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("backpressure", function () {
  this.timeout(90_000);
  const bounded = [
    "no plugin",
    "six each stages",
    "each on promises",
    "plain map and tap",
    "raw delay of 200 ms",
    "raw concatMap on timers",
  ];

  for (const shape of bounded) {
    it(`stops the source when the reader has stopped or is slow, and memory does not grow, with ${shape}`, async () => {
      const state = { sent: 0 };
      const upstream = cleanup.keep(await startUpstream((socket) => push(socket.resume(), state)));
      const proxy = await startMeasured(cleanup, shape, upstream.endpoint);
      const before = await proxy.rss();
      const client = cleanup.keep(await connect(proxy.port));
      await stalled(() => state.sent, "the source standing still");
      expect(state.sent, "bytes taken while nobody reads").to.be.below(plenty);
      const grown = [(await proxy.rss()) - before];
      // A slow reader: a little now and then.
      for (let turn = 0; turn < 40; turn += 1) {
        client.read(512 * 1024) ?? client.read();
        await pause(10);
        if (turn % 8 === 7) grown.push((await proxy.rss()) - before);
      }
      expect(Math.max(...grown), "bytes of growth").to.be.below(growthLimit);
      expect(proxy.child.exitCode).to.equal(null);
    });
  }

  it("bounds the memory: operators without it hold far more", async () => {
    const state = { sent: 0 };
    const upstream = cleanup.keep(await startUpstream((socket) => push(socket.resume(), state)));
    const proxy = await startMeasured(cleanup, "no bound", upstream.endpoint);
    const before = await proxy.rss();
    cleanup.keep(await connect(proxy.port));
    await eventually(async () => expect((await proxy.rss()) - before).to.be.above(growthLimit), { within: 20_000 });
  });

  for (const shape of ["raw delay of 200 ms", "raw concatMap on timers"]) {
    it(`delivers 32 MiB completely to a fast reader, with ${shape}`, async () => {
      const bytes = 32 * mebibyte;
      const upstream = cleanup.keep(await startUpstream((socket) => push(socket.resume(), { sent: 0 }, bytes)));
      const proxy = await startMeasured(cleanup, shape, upstream.endpoint);
      const client = cleanup.keep(await connect(proxy.port));
      const whole = createHash("sha256");
      for (let at = 0; at < bytes; at += block.length) whole.update(block);
      expect(await digestOf(client)).to.deep.equal({ bytes, sha256: whole.digest("hex") });
    });
  }
});
