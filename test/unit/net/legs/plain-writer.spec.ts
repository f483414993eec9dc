import { expect } from "chai";
import { join } from "node:path";
import { connect, createServer, type Socket } from "node:net";
import { StreamLeg } from "../../../../core/net/legs/stream-leg.ts";
import { eventOf } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { breakOf } from "../../../support/reset.ts";
import { temporaryFolder } from "../../../support/real-peer.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Written {
  readonly leg: StreamLeg;
  readonly socket: Socket;
  /** Does not read yet. */
  readonly peer: Socket;
  readonly failures: string[];
}

async function open(transport: "tcp" | "unix"): Promise<Written> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  cleanup.add(() => void server.close());
  if (transport === "tcp") server.listen(0, "127.0.0.1");
  else server.listen(join(temporaryFolder(cleanup), "s"));
  await eventOf(server, "listening");
  const address = server.address();
  const accepted = eventOf(server, "connection");
  const socket =
    typeof address === "string"
      ? connect({ path: address, allowHalfOpen: true })
      : connect({ port: address?.port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  cleanup.add(() => void socket.destroy());
  await eventOf(socket, "connect");
  const [peer] = (await accepted) as [Socket];
  cleanup.add(() => void peer.destroy());
  peer.on("error", () => undefined);
  const leg = new StreamLeg(socket, "upstream", "peer");
  const failures: string[] = [];
  leg.read({ data: () => true, done: true, end: () => undefined, failed: (error) => void failures.push(error.code) });
  return { leg, socket, peer, failures };
}

/** Writes until the kernel does not take all of a chunk. @returns what was written */
function fill(leg: StreamLeg): Buffer {
  const chunks: Buffer[] = [];
  do chunks.push(Buffer.alloc(1 << 20, chunks.length));
  while (leg.write(chunks.at(-1) ?? Buffer.alloc(0)));
  return Buffer.concat(chunks);
}

async function readAll(peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("What is written to a plain socket", () => {
  for (const transport of ["tcp", "unix"] as const) {
    it(`does not wait, keeps its order and may have any size (${transport})`, async () => {
      const { leg, peer } = await open(transport);
      const chunks = [1, 64, 536, 1472, 16_384, 30_000].map((bytes, at) => Buffer.alloc(bytes, at + 1));
      for (const chunk of chunks) expect([leg.write(chunk), leg.pending]).to.deep.equal([true, 0]);
      leg.end();
      expect((await readAll(peer)).equals(Buffer.concat(chunks))).to.equal(true);
    });

    it(`arrives whole and in order where the kernel has no room, and its end after it (${transport})`, async () => {
      const { leg, peer, failures } = await open(transport);
      let drained = 0;
      leg.onDrain = () => (drained += 1);
      const first = fill(leg);
      expect(leg.pending).to.be.above(0);
      const second = Buffer.alloc(1 << 20, 99);
      expect(leg.write(second)).to.equal(false);
      expect(leg.pending).to.be.above(second.length);
      leg.end();
      expect((await readAll(peer)).equals(Buffer.concat([first, second]))).to.equal(true);
      await eventually(() => expect([leg.pending, drained, failures]).to.deep.equal([0, 1, []]));
    });

    it(`does not wait behind what has been taken (${transport})`, async () => {
      const { leg, peer } = await open(transport);
      const drained = new Promise<void>((resolve) => (leg.onDrain = resolve));
      const first = fill(leg);
      const all = readAll(peer);
      await drained;
      expect([leg.write(Buffer.from("more")), leg.pending]).to.deep.equal([true, 0]);
      leg.end();
      expect((await all).equals(Buffer.concat([first, Buffer.from("more")]))).to.equal(true);
    });

    it(`ends with the socket's error where the peer is gone (${transport})`, async () => {
      const { leg, socket, peer, failures } = await open(transport);
      peer.destroy();
      await eventually(() => {
        leg.write(Buffer.from("more"));
        expect([socket.closed, failures]).to.deep.equal([true, ["SLUICE_UPSTREAM_RESET"]]);
      });
      expect([leg.write(Buffer.from("late")), leg.pending]).to.deep.equal([true, 0]);
    });

    it(`waits no longer when the leg is destroyed (${transport})`, async () => {
      const { leg, socket } = await open(transport);
      let drained = 0;
      leg.onDrain = () => (drained += 1);
      fill(leg);
      leg.destroy();
      await eventOf(socket, "close");
      await eventually(() => expect([leg.pending, drained]).to.deep.equal([0, 0]));
    });
  }

  it("waits to be gathered only where it may belong to a burst of records", async () => {
    const { leg, peer } = await open("tcp");
    leg.gather = true;
    const chunks = [64, 16_384, 64, 64].map((bytes, at) => Buffer.alloc(bytes, at + 1));
    const pending = chunks.map((chunk) => {
      leg.write(chunk);
      return leg.pending > 0;
    });
    // The third comes behind the second, which waits.
    expect(pending).to.deep.equal([false, true, true, true]);
    leg.end();
    expect((await readAll(peer)).equals(Buffer.concat(chunks))).to.equal(true);
  });

  it("can still be reset when its end waits behind bytes that the peer does not read", async () => {
    const { leg, peer } = await open("tcp");
    fill(leg);
    leg.end();
    leg.reset();
    expect(await breakOf(peer)).to.equal("ECONNRESET");
  });
});
