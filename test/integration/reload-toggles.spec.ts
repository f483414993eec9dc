import { expect } from "chai";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { exchange } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const block = 1024 * 1024;
const blocks = 110;
const toggles = 40;

/** Bytes that do not repeat: block `number` of the stream. */
function bytesOf(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(block);
  let state = number * 2_654_435_761 + 1;
  for (let at = 0; at < block; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** What one direction carried: counted and hashed while it passes. */
class Digest {
  bytes = 0;
  readonly #hash = createHash("sha256");

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  hex(): string {
    return this.#hash.digest("hex");
  }
}

/** Writes all blocks, as fast as the other side takes them, one batch per `turn`. */
async function pump(socket: Socket, sent: Digest, turn: (batch: number) => Promise<void>): Promise<void> {
  const perToggle = Math.ceil(blocks / toggles);
  for (let number = 0; number < blocks; number += 1) {
    const bytes = bytesOf(number);
    sent.take(bytes);
    if (!socket.write(bytes)) await new Promise((resolve) => socket.once("drain", resolve));
    if (number % perToggle === perToggle - 1) await turn(number);
  }
}

const counted = `const counts = globalThis as unknown as { sluiceTestChunks: number };
const counter = definePlugin("counter", () => ({ fromClient: (data) => data.pipe(each((chunk) => { counts.sluiceTestChunks += 1; return chunk; })) }));`;

describe("Forty toggles of a plugin by saving the config", function () {
  this.timeout(120_000);

  it("lose and repeat no byte of a connection that transfers 110 MiB in both directions, and each toggle takes effect on it", async () => {
    const counts = Object.assign(globalThis as unknown as { sluiceTestChunks: number }, { sluiceTestChunks: 0 });
    const text = (enabled: boolean, upstream: string): string =>
      configText(`web: { listen: "tcp://127.0.0.1:0", upstream: "${upstream}", plugins: [counter({ enabled: ${enabled} })] }`, counted);
    await withEchoServer(async (upstream) => {
      const { endpoint } = upstream;
      await withLiveConfig({ "proxy.config.ts": text(false, endpoint) }, async (folder) => {
        const socket = await connect(folder.port("web"));
        const sent = new Digest();
        const got = new Digest();
        const ended = new Promise<void>((resolve) => socket.once("end", resolve));
        socket.on("data", (chunk: Buffer) => got.take(chunk));
        const generations: number[] = [];
        const switches: Promise<void>[] = [];
        let enabled = false;
        const pumping = pump(socket, sent, async () => {
          if (switches.length >= toggles) return;
          enabled = !enabled;
          const applied = folder.apply(text(enabled, endpoint));
          switches.push(applied);
          // The data goes on moving while the save is noticed; only the next save waits for this one.
          await applied;
          generations.push(...[...folder.proxy.sessions].map(({ generation }) => generation));
        });
        await pumping;
        while (switches.length < toggles) {
          enabled = !enabled;
          switches.push(folder.apply(text(enabled, endpoint)));
          await switches.at(-1);
          generations.push(...[...folder.proxy.sessions].map(({ generation }) => generation));
        }
        socket.end();
        await ended;
        expect(generations).to.deep.equal(Array.from({ length: toggles }, (_, at) => at + 2));
        expect(counts.sluiceTestChunks, "chunks that the plugin saw").to.be.greaterThan(0);
        expect(got.bytes).to.equal(sent.bytes);
        expect(got.hex()).to.equal(sent.hex());
        expect(upstream.connections, "connections to the upstream").to.equal(1);
        await closeOf(socket);
      });
    });
  });

  it("each take effect on the open connection at its next byte", async () => {
    const marks =
      'const mark = definePlugin("mark", (options: { text?: string }) => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(options.text ?? ""), chunk]))) }));';
    const text = (enabled: boolean, at: number): string =>
      configText(
        `web: { listen: "tcp://127.0.0.1:0", plugins: [mark({ enabled: ${enabled}, text: "${String(at).padStart(2, "0")}" }), echo()] }`,
        marks,
      );
    await withLiveConfig({ "proxy.config.ts": text(false, 0) }, async (folder) => {
      const socket = await connect(folder.port("web"));
      for (let at = 1; at <= toggles; at += 1) {
        const enabled = at % 2 === 1;
        await folder.apply(text(enabled, at));
        const expected = enabled ? `${String(at).padStart(2, "0")}x` : "x";
        expect(await exchange(socket, "x", expected.length)).to.equal(expected);
      }
      socket.destroy();
    });
  });
});
