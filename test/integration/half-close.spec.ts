import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
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
