import { expect } from "chai";
import type { AddressInfo, Socket } from "node:net";
import { connect as connectTls, createServer } from "node:tls";
import { startUpstream } from "sluice/testing";
import { StreamLeg } from "../../../../core/net/legs/stream-leg.ts";
import { bounded, eventOf } from "../../../support/bounded.ts";
import { createCertificate } from "../../../support/certificates.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { connect, readBytes } from "../../../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A leg to an echo, and what TCP_NODELAY was set to, with the bytes written before. */
async function openLeg(): Promise<{ leg: StreamLeg; socket: Socket; delays: [enabled: boolean | undefined, after: number][] }> {
  const server = cleanup.keep(await startUpstream("echo"));
  const socket = cleanup.keep(await connect(server.port));
  const delays: [boolean | undefined, number][] = [];
  const set = socket.setNoDelay.bind(socket);
  socket.setNoDelay = (enabled) => {
    delays.push([enabled, socket.bytesWritten]);
    return set(enabled);
  };
  return { leg: new StreamLeg(socket, "upstream", "echo"), socket, delays };
}

describe("A leg of a plain socket", () => {
  it("turns Nagle's algorithm off, once, before a second write, which it could hold back", async () => {
    const { leg, socket, delays } = await openLeg();
    leg.write(Buffer.from("1234"));
    expect(delays).to.deep.equal([]);
    for (const text of ["5", "6"]) leg.write(Buffer.from(text));
    expect(delays).to.deep.equal([[true, 4]]);
    expect((await readBytes(socket, 6)).toString()).to.equal("123456");
  });

  it("turns it off before a first write of more than one segment, whose last one it could hold back", async () => {
    const { leg, socket, delays } = await openLeg();
    leg.write(Buffer.alloc(2000, 1));
    expect(delays).to.deep.equal([[true, 0]]);
    expect((await readBytes(socket, 2000)).equals(Buffer.alloc(2000, 1))).to.equal(true);
  });

  /** A leg to a peer that does not read yet, and writes to it until some are pending. */
  async function openFullLeg(): Promise<{ leg: StreamLeg; peer: Socket; sent: () => number; fill: () => void }> {
    const server = cleanup.keep(await startUpstream((socket) => void socket.pause()));
    const leg = new StreamLeg(await connect(server.port), "upstream", "peer");
    cleanup.add(() => leg.destroy());
    await eventually(() => expect(server.sockets.size).to.equal(1));
    const [peer] = [...server.sockets];
    if (peer === undefined) throw new Error("the peer has no connection");
    let sent = 0;
    const fill = (): void => {
      for (let room = true; room; sent += 1 << 20) room = leg.write(Buffer.alloc(1 << 20, 1));
    };
    return { leg, peer, sent: () => sent, fill };
  }

  it("tells once when all that is pending has been taken, more of which may have been written meanwhile", async () => {
    const { leg, peer, sent, fill } = await openFullLeg();
    let drained = 0;
    leg.onDrain = () => (drained += 1);
    fill();
    fill();
    let read = 0;
    peer.on("data", (chunk: Buffer) => (read += chunk.length)).resume();
    await eventually(() => expect([drained, leg.pending, read]).to.deep.equal([1, 0, sent()]));
    fill();
    await eventually(() => expect([drained, leg.pending, read]).to.deep.equal([2, 0, sent()]));
  });

  it("sends all that is pending before its end, and fails by nothing", async () => {
    const { leg, peer, sent, fill } = await openFullLeg();
    const failures: unknown[] = [];
    leg.read({ data: () => true, done: true, end: () => undefined, failed: (error) => void failures.push(error) });
    fill();
    // More than the kernel takes at once.
    const large = 32 << 20;
    leg.write(Buffer.alloc(large));
    const { pending } = leg;
    let read = 0;
    const ended = eventOf(peer, "end");
    peer.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (leg.pending === pending) return;
      // The first was taken, and the second is under way.
      if (!leg.socket.writableEnded) {
        leg.write(Buffer.alloc(large));
        leg.end();
      }
    });
    peer.resume();
    await ended;
    expect([read, failures]).to.deep.equal([sent() + 2 * large, []]);
  });
});

describe("A leg of a TLS socket", () => {
  it("lets go of its session when it has closed, as Node keeps the socket for longer", async () => {
    const { cert, key } = await createCertificate("localhost");
    const server = createServer({ cert, key }, (socket) => void socket.end("goodbye")).listen(0, "127.0.0.1");
    cleanup.add(() => void server.close());
    await eventOf(server, "listening");
    const socket = connectTls({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", rejectUnauthorized: false });
    await eventOf(socket, "secureConnect");
    const leg = new StreamLeg(socket, "upstream", "peer");
    const read: string[] = [];
    leg.read({
      data: (chunk) => read.push(String(chunk)) > 0,
      done: false,
      end: () => {
        read.push("end");
        leg.end();
      },
      failed: (error) => read.push(error.code),
    });
    const closed = new Promise<void>((resolve) => (leg.onClosed = resolve));
    await bounded(closed, "the end of the leg");
    expect(read).to.deep.equal(["goodbye", "end"]);
    await eventually(() => expect([socket.eventNames(), leg.onClosed]).to.deep.equal([["error"], undefined]));
  });
});
