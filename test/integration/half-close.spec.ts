import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { startForward } from "../support/forward.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { shapes } from "../support/shapes.ts";
import { closeOf, connect, readAll, sha256 } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("half-close [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`delivers the whole answer that an upstream sends after the client's FIN, with ${shape}`, async () => {
      const answer = randomMebibytes(10);
      const { port, ended } = await startForward(cleanup, (socket) => void socket.resume().once("end", () => socket.end(answer)), {
        plugins: plugins(),
      });
      const client = await connect(port());
      client.end("question");
      expect(sha256(await readAll(client, 15_000))).to.equal(sha256(answer));
      expect((await ended()).reason).to.equal("closed");
    });

    it(`delivers everything that a client sends after the upstream's FIN, with ${shape}`, async () => {
      const question = randomMebibytes(4);
      let received: Promise<Buffer> | undefined;
      const { port, ended } = await startForward(
        cleanup,
        (socket) => {
          received = readAll(socket, 15_000);
          socket.end("bye");
        },
        { plugins: plugins() },
      );
      const client = await connect(port());
      expect((await readAll(client)).toString()).to.equal("bye");
      client.end(question);
      expect(sha256((await received) ?? Buffer.alloc(0))).to.equal(sha256(question));
      expect((await ended()).reason).to.equal("closed");
    });
  }

  it("passes FIN on at once while the other direction stays open", async () => {
    let upstreamSide: Socket | undefined;
    const { port, proxy } = await startForward(cleanup, (socket) => (upstreamSide = socket.resume()));
    const client = await connect(port());
    const finished = readAll(client);
    client.write("hello");
    await expectEnd(() => upstreamSide, client);
    expect(proxy.sessions.size, "open sessions").to.equal(1);
    upstreamSide?.end("late");
    expect((await finished).toString()).to.equal("late");
  });

  it("ends a connection on which neither side sent a byte", async () => {
    const { port, ended, proxy } = await startForward(cleanup, "echo");
    const client = await connect(port());
    client.end();
    expect(await closeOf(client)).to.equal(undefined);
    const record = await ended();
    expect(record.reason).to.equal("closed");
    expect(record.fromClient).to.deep.equal({ bytes: 0, chunks: 0 });
    expect(proxy.sessions.size).to.equal(0);
  });
});

/** Ends the client's side and waits until the upstream has seen it. */
async function expectEnd(upstreamSide: () => Socket | undefined, client: Socket): Promise<void> {
  await eventually(() => expect(upstreamSide(), "the upstream's connection").to.not.equal(undefined));
  client.end();
  await eventually(() => expect(upstreamSide()?.readableEnded, "FIN at the upstream").to.equal(true));
}

describe("timeouts.halfClosed [data path]", () => {
  const atOnce = { timeouts: { halfClosed: "0s" } };
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`0 ends a session when its upstream has ended, and delivers all that it sent, with ${shape}`, async () => {
      const answer = randomMebibytes(4);
      let upstreamSide: Socket | undefined;
      const behave = (socket: Socket): void => void (upstreamSide = socket.resume()).end(answer);
      const { port, ended, proxy } = await startForward(cleanup, behave, { plugins: plugins(), listener: atOnce });
      const client = await connect(port());
      expect(sha256(await readAll(client, 15_000))).to.equal(sha256(answer));
      expect((await ended()).reason).to.equal("closed");
      // Although the client has not ended.
      await eventually(() => upstreamSide?.readableEnded === true);
      expect(proxy.sessions.size).to.equal(0);
      client.destroy();
    });

    it(`0 ends a session when its client has ended, and delivers all that it sent, with ${shape}`, async () => {
      const question = randomMebibytes(4);
      let received: Promise<Buffer> | undefined;
      const { port, ended } = await startForward(cleanup, (socket) => void (received = readAll(socket, 15_000)), {
        plugins: plugins(),
        ...atOnce,
      });
      const client = await connect(port());
      const answer = readAll(client, 15_000);
      client.end(question);
      expect((await answer).length).to.equal(0);
      expect(sha256((await received) ?? Buffer.alloc(0))).to.equal(sha256(question));
      expect((await ended()).reason).to.equal("closed");
    });
  }

  it("limits the silence of the other side, for open sessions from a reload on", async () => {
    const { port, ended, proxy, config } = await startForward(cleanup, (socket) => void socket.resume());
    const client = await connect(port());
    const answer = readAll(client);
    client.end("hello");
    await eventually(() => [...proxy.sessions].some(({ fromClient }) => fromClient.bytes === 5));
    await proxy.apply(config([], { timeouts: { halfClosed: "200ms" } }));
    expect((await ended()).reason).to.equal("SLUICE_IDLE_TIMEOUT");
    expect((await answer).length).to.equal(0);
  });

  it("leaves a session alone of which no side has finished", async () => {
    const { port } = await startForward(cleanup, "echo", { listener: { timeouts: { halfClosed: "0s" } } });
    const client = await connect(port());
    for (const text of ["one", "two", "three"]) expect(await exchange(client, text)).to.equal(text);
    client.destroy();
  });
});
