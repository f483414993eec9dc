import { expect } from "chai";
import type { Socket } from "node:net";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { breakOf } from "../support/reset.ts";
import { shapes } from "../support/shapes.ts";
import { connect, readBytes } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** An upstream that keeps its connections and echoes them; it gives the first one. */
function keptSocket(): { readonly behave: (socket: Socket) => void; readonly opened: Promise<Socket> } {
  let found: (socket: Socket) => void = () => undefined;
  const opened = new Promise<Socket>((resolve) => (found = resolve));
  return { opened: bounded(opened, "a connection at the upstream", 10_000), behave: (socket) => found(socket) };
}

describe("reset [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`passes a client's reset on to the upstream as a reset, with ${shape}`, async () => {
      const { behave, opened } = keptSocket();
      const { port, ended } = await startForward(cleanup, behave, { plugins: plugins() });
      const client = await connect(port());
      client.write("hello");
      const upstream = await opened;
      await readBytes(upstream, 5);
      client.resetAndDestroy();
      expect(await breakOf(upstream)).to.equal("ECONNRESET");
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    });

    it(`passes an upstream's reset on to the client as a reset, with ${shape}`, async () => {
      const { behave, opened } = keptSocket();
      const { port, ended } = await startForward(cleanup, behave, { plugins: plugins() });
      const client = await connect(port());
      client.write("hello");
      const upstream = await opened;
      await readBytes(upstream, 5);
      upstream.resetAndDestroy();
      expect(await breakOf(client)).to.equal("ECONNRESET");
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
    });
  }

  it("passes a client's reset on while the upstream does not read", async () => {
    const { behave, opened } = keptSocket();
    const { port, proxy } = await startForward(cleanup, (socket) => behave(socket.pause()));
    const client = await connect(port());
    const upstream = await opened;
    await fill(client);
    client.resetAndDestroy();
    expect(await breakOf(upstream)).to.equal("ECONNRESET");
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });

  it("passes an upstream's reset on while the client does not read", async () => {
    const { behave, opened } = keptSocket();
    const { port, proxy } = await startForward(cleanup, behave);
    const client = await connect(port());
    const upstream = await opened;
    await fill(upstream);
    upstream.resetAndDestroy();
    expect(await breakOf(client)).to.equal("ECONNRESET");
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });

  it("passes a reset on that comes together with the last bytes", async () => {
    const { port, ended } = await startForward(cleanup, (socket) => {
      socket.once("data", () => socket.write("cut o", () => socket.resetAndDestroy()));
    });
    const client = await connect(port());
    client.write("hello");
    expect(await breakOf(client)).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
  });

  it("also resets the other direction when a side that has already sent FIN is reset", async () => {
    const { behave, opened } = keptSocket();
    const { port, ended } = await startForward(cleanup, behave);
    const client = await connect(port());
    const upstream = await opened;
    client.end("last words");
    await readBytes(upstream, 10);
    upstream.resetAndDestroy();
    expect(await breakOf(client)).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
  });

  it("survives a client that is reset before its upstream is open", async () => {
    const { port, proxy, upstream } = await startForward(cleanup, "echo");
    for (let turn = 0; turn < 50; turn += 1) {
      // One after the other: each is gone before the proxy has dialled for it.
      (await connect(port())).resetAndDestroy();
    }
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
    const client = await connect(port());
    client.write("alive");
    expect((await readBytes(client, 5)).toString()).to.equal("alive");
    client.destroy();
  });
});

/** Writes until nothing more is taken: every buffer on the way is full. */
async function fill(socket: Socket): Promise<void> {
  const block = Buffer.alloc(256 * 1024, 1);
  let last = -1;
  await eventually(
    () => {
      while (socket.writableLength < block.length) socket.write(block);
      const stalled = last === socket.bytesWritten - socket.writableLength;
      last = socket.bytesWritten - socket.writableLength;
      expect(stalled, "stalled").to.equal(true);
    },
    { within: 10_000 },
  );
}
