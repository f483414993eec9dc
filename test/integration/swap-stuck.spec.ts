import { expect } from "chai";
import { concatMap, delay, merge, NEVER, take } from "rxjs";
import type { Observable } from "rxjs";
import { each } from "sluice/flow";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { both } from "../support/shapes.ts";
import { closeOf, connect, readAll, readBytes, sha256 } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const stuck: Readonly<Record<string, (data: Observable<Buffer>) => Observable<Buffer>>> = {
  "operators that never complete": (data) => merge(data, NEVER),
  "a promise that never settles": (data) =>
    data.pipe(each((chunk) => (chunk.toString() === "stick" ? new Promise<Buffer>(() => undefined) : chunk))),
  "a raw promise that never settles": (data) =>
    data.pipe(concatMap((chunk) => (chunk.toString() === "stick" ? new Promise<Buffer>(() => undefined) : Promise.resolve(chunk)))),
};

describe("a swap that cannot finish [data path]", () => {
  for (const [name, operator] of Object.entries(stuck)) {
    it(`ends only the session with ${name}`, async () => {
      let first: number | undefined;
      const use = plugin("sticky", {
        fromClient: (data, session) => ((first ??= session.id) === session.id ? operator(data) : data),
      });
      const { port, proxy, config, ended, upstream } = await startForward(cleanup, "echo", {
        plugins: [use],
        limits: { swapTimeout: 100 },
      });
      const harmed = await connect(port());
      harmed.write("hello");
      await readBytes(harmed, 5);
      harmed.write("stick");
      const unharmed = await connect(port());
      unharmed.write("hello");
      await readBytes(unharmed, 5);
      await eventually(() => expect([...proxy.sessions].find(({ id }) => id === first)?.fromClient.bytes).to.equal(10));
      await proxy.apply(config([]));
      await closeOf(harmed);
      expect((await ended()).reason).to.equal("SLUICE_SWAP_TIMEOUT");
      unharmed.write("still");
      expect((await readBytes(unharmed, 5)).toString()).to.equal("still");
      expect(proxy.sessions.size).to.equal(1);
      expect(upstream.sockets.size).to.equal(1);
      unharmed.destroy();
    });
  }

  it("does not reopen a direction whose operators have already completed and still flush", async () => {
    const { port, proxy, config, upstream } = await startForward(cleanup, (socket) => void socket.pipe(socket), {
      plugins: [plugin("one", { fromClient: (data) => data.pipe(take(1), delay(100)) })],
    });
    const client = await connect(port());
    client.write("first");
    await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(5));
    const applied = proxy.apply(config([]));
    client.write("dropped");
    await applied;
    client.write("after");
    expect(String(await readAll(client))).to.equal("first");
    expect(upstream.connections).to.equal(1);
  });

  it("waits for slow operators, and delivers the bytes that they hold before newer bytes", async () => {
    const { port, proxy, config, event } = await startForward(cleanup, "echo", {
      plugins: [both("slow", (data) => data.pipe(delay(150)))],
    });
    const client = await connect(port());
    const all = readAll(client);
    client.write("first ");
    await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(6));
    await proxy.apply(config([]));
    await event("swapped");
    client.end("second");
    expect((await all).toString()).to.equal("first second");
  });

  it("swaps while the reader has stopped, and loses nothing", async () => {
    const bytes = randomMebibytes(24);
    let seen = 0;
    const watching = (): ReturnType<typeof both> =>
      both("watching", (data) =>
        data.pipe(
          each((chunk) => {
            seen += chunk.length;
            return chunk;
          }),
        ),
      );
    const { port, proxy, config } = await startForward(cleanup, (socket) => void socket.resume().end(bytes));
    const client = await connect(port());
    const session = (): number => [...proxy.sessions][0]?.fromUpstream.bytes ?? 0;
    let before = -1;
    await eventually(() => {
      const now = session();
      const still = now > 0 && now === before;
      before = now;
      expect(still, "the source stands still").to.equal(true);
    });
    expect(session()).to.be.below(bytes.length);
    await bounded(proxy.apply(config([watching()])), "the reload");
    expect(sha256(await readAll(client, 10_000))).to.equal(sha256(bytes));
    expect(seen, "bytes the new plugin saw").to.be.above(0).and.below(bytes.length);
    client.destroy();
  });
});
