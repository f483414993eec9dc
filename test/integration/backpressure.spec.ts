import { expect } from "chai";
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets.ts";
import { digestOf } from "../support/transfer.ts";
import { startUpstream } from "../support/with-upstream.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const mebibyte = 1024 * 1024;
/** More than all buffers on the way hold together; below what a test has to move. */
const plenty = 256 * mebibyte;
const growthLimit = 64 * mebibyte;

interface Measured {
  readonly child: ChildProcess;
  readonly port: number;
  rss(): Promise<number>;
}

/** A proxy in a process of its own. */
async function startMeasured(shape: string, upstream: string): Promise<Measured> {
  const child = fork(fileURLToPath(new URL("../support/proxy-process.js", import.meta.url)), [shape, upstream], { stdio: "inherit" });
  cleanup.add(() => void child.kill("SIGKILL"));
  const [{ port }] = (await eventOf(child, "message", 20_000)) as [{ readonly port: number }];
  return {
    child,
    port,
    async rss() {
      child.send("memory");
      const [message] = (await eventOf(child, "message")) as [{ readonly rss: number }];
      return message.rss;
    },
  };
}

const block = randomBytes(256 * 1024);

/** Writes one block again and again as fast as it is taken, `most` bytes in all; `sent` counts what was taken. */
function push(socket: Socket, state: { sent: number }, most = plenty): void {
  const more = (): void => {
    while (state.sent < most && !socket.destroyed) {
      state.sent += block.length;
      if (!socket.write(block)) return void socket.once("drain", more);
    }
    socket.end();
  };
  more();
}

/** Waits until a count has stood still for a while. */
async function stalled(count: () => number, what: string): Promise<void> {
  let before = -1;
  await eventually(
    async () => {
      const now = count();
      const still = now === before && now > 0;
      before = now;
      if (!still) await pause(300);
      expect(still, "still").to.equal(true);
    },
    { within: 30_000, what },
  );
}

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
    it(`stalls the source of a reader that stands still or is slow, and memory does not grow, with ${shape}`, async () => {
      const state = { sent: 0 };
      const upstream = await startUpstream((socket) => push(socket.resume(), state));
      cleanup.add(() => upstream.close());
      const proxy = await startMeasured(shape, upstream.endpoint);
      const before = await proxy.rss();
      const client = await connect(proxy.port);
      cleanup.add(() => void client.destroy());
      await stalled(() => state.sent, "the source standing still");
      expect(state.sent, "bytes taken while nobody reads").to.be.below(plenty);
      const grown = [(await proxy.rss()) - before];
      // A slow reader: a little now and then.
      for (let turn = 0; turn < 40; turn += 1) {
        client.read(512 * 1024) ?? client.read();
        // oxlint-disable-next-line no-await-in-loop
        await pause(10);
        // oxlint-disable-next-line no-await-in-loop
        if (turn % 8 === 7) grown.push((await proxy.rss()) - before);
      }
      expect(Math.max(...grown), "bytes of growth").to.be.below(growthLimit);
      expect(proxy.child.exitCode).to.equal(null);
    });
  }

  it("is what keeps the memory bounded: operators that nobody watches hold far more", async () => {
    const state = { sent: 0 };
    const upstream = await startUpstream((socket) => push(socket.resume(), state));
    cleanup.add(() => upstream.close());
    const proxy = await startMeasured("no bound", upstream.endpoint);
    const before = await proxy.rss();
    const client = await connect(proxy.port);
    cleanup.add(() => void client.destroy());
    await eventually(async () => expect((await proxy.rss()) - before).to.be.above(growthLimit), { within: 20_000 });
  });

  for (const shape of ["raw delay of 200 ms", "raw concatMap on timers"]) {
    it(`delivers 100 MiB whole to a fast reader, with ${shape}`, async () => {
      const bytes = 100 * mebibyte;
      const upstream = await startUpstream((socket) => push(socket.resume(), { sent: 0 }, bytes));
      cleanup.add(() => upstream.close());
      const proxy = await startMeasured(shape, upstream.endpoint);
      const client = await connect(proxy.port);
      cleanup.add(() => void client.destroy());
      const whole = createHash("sha256");
      for (let at = 0; at < bytes; at += block.length) whole.update(block);
      expect(await digestOf(client)).to.deep.equal({ bytes, sha256: whole.digest("hex") });
    });
  }
});
