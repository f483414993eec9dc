import { expect } from "chai";
import { Subject } from "rxjs";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy, type PluginUse, type Transport } from "sluice";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventually } from "../support/eventually.ts";
import { bytesThrough, type BytesHook } from "../support/poison.ts";
import { closeOf, connect, readAll } from "../support/sockets.ts";
import { createPluginBench, type PluginBench } from "./plugin-bench.ts";

/** A plugin as the suite runs it. */
export interface Candidate {
  readonly name: string;
  readonly use: () => PluginUse;
  /** @default "tcp" */
  readonly transport?: Transport;
  /** A plain TCP client can talk through it. @default true */
  readonly plain?: boolean;
}

const megabyte = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
const directions = ["fromClient", "fromUpstream"] as const;

/** The same bytes in chunks of these sizes, over and over. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const chunkings: readonly (readonly [string, Buffer[]])[] = [
  ["no chunk at all", []],
  ["single bytes", cut(megabyte.subarray(0, 3_000), [1])],
  ["chunks of 65,537 bytes", cut(megabyte, [65_537])],
  ["chunks of many sizes", cut(megabyte, [1, 1_460, 7, 16_384, 300_000, 2])],
];

/** What keeps the process alive. Only after the test's first pause is mocha's own timer of the test among it. */
async function resources(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== "Immediate")
    .toSorted((a, b) => a.localeCompare(b));
}

/**
 * The suite that every plugin runs. A plugin which changes bytes on purpose has tests of its own instead of the conservation of bytes.
 */
export function describeCompliance({ name, use, transport = "tcp", plain = true }: Candidate): void {
  describe(`The plugin ${name}`, function () {
    this.timeout(20_000);
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "sluice-compliance-"))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const bench = (): PluginBench => createPluginBench(use(), transport, folder);
    const hooksOf = ({ plugin }: PluginBench): [string, BytesHook][] =>
      directions.flatMap((direction) => {
        const hook = plugin[direction];
        return hook === undefined ? [] : [[direction, (data, session) => hook.call(plugin, data, session)] as [string, BytesHook]];
      });

    it("does nothing when it is constructed", async () => {
      const before = await resources();
      bench();
      expect(await resources()).to.deep.equal(before);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it("can be torn down without having been set up, and twice", async () => {
      const { plugin } = bench();
      await plugin.teardown?.();
      await plugin.teardown?.();
    });

    it("leaves no timer behind after setup and teardown", async () => {
      const before = await resources();
      const { plugin } = bench();
      await plugin.setup?.();
      await plugin.teardown?.();
      await eventually(async () => expect(await resources()).to.deep.equal(before));
    });

    for (const [what, chunks] of chunkings) {
      it(`conserves bytes and their order both ways, in ${what}`, async () => {
        const one = bench();
        await one.plugin.setup?.();
        for (const [direction, hook] of hooksOf(one)) {
          // oxlint-disable-next-line no-await-in-loop
          const out = await bytesThrough(hook, chunks, one.session, one.borrows);
          expect(out.equals(Buffer.concat(chunks)), direction).to.equal(true);
        }
        one.end();
        await one.plugin.teardown?.();
      });
    }

    it("passes errors on, and lets go of its source when nobody listens any more", async () => {
      const one = bench();
      await one.plugin.setup?.();
      for (const [direction, hook] of hooksOf(one)) {
        const failing = new Subject<Buffer>();
        const errors: unknown[] = [];
        hook(failing, one.session).subscribe({ error: (error) => errors.push(error) });
        failing.error(new Error("broken"));
        expect(errors.map(String), direction).to.deep.equal(["Error: broken"]);
        const left = new Subject<Buffer>();
        hook(left, one.session).subscribe().unsubscribe();
        expect(left.observed, direction).to.equal(false);
      }
      one.end();
      await one.plugin.teardown?.();
    });

    if (plain) {
      it("passes half-close on, and leaves nothing behind when its last session is over", async () => {
        const before = await resources();
        const plugins = [use(), echo({ name: "answer" })];
        const proxy = await createProxy(
          { listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } },
          { logger: createLogger({ level: "silent" }) },
        );
        const socket = await connect(proxy.listeners["web"]?.address.port ?? 0);
        socket.end(megabyte.subarray(0, 200_000));
        const answer = await readAll(socket);
        expect(answer.equals(megabyte.subarray(0, 200_000))).to.equal(true);
        await closeOf(socket);
        await eventually(() => expect(proxy.sessions.size).to.equal(0));
        await proxy.close();
        await eventually(async () => expect(await resources()).to.deep.equal(before));
      });
    }
  });
}
