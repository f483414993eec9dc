import { expect } from "chai";
import type { Socket } from "node:net";
import { startUpstream } from "sluice/testing";
import { wasReset } from "../../../../core/net/node/was-reset.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { eventOf } from "../../../support/bounded.ts";
import { connect } from "../../../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Both ends of a connection; the far one reads nothing. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = cleanup.keep(await startUpstream((socket) => void socket.pause()));
  const near = cleanup.keep(await connect(server.port));
  await eventually(() => expect(server.sockets.size).to.equal(1));
  const [far] = server.sockets;
  if (far === undefined) throw new Error("nobody was accepted");
  return { near, far };
}

/** Asks until it is so, without a turn of the event loop, in which Node would close the socket. */
function becomesReset(socket: Socket): boolean {
  const end = performance.now() + 1000;
  while (!wasReset(socket) && performance.now() < end);
  return wasReset(socket);
}

describe("whether a socket was reset", () => {
  it("is told by its peer's address, which is gone", async () => {
    const { near, far } = await pair();
    expect(wasReset(near)).to.equal(false);
    far.resetAndDestroy();
    expect(becomesReset(near)).to.equal(true);
  });

  it("is told too while this side's end waits behind its bytes", async () => {
    const { near, far } = await pair();
    near.end(Buffer.alloc(32 * 1024 * 1024));
    expect([near.writableEnded, near.writableFinished, wasReset(near)]).to.deep.equal([true, false, false]);
    far.resetAndDestroy();
    expect(becomesReset(near)).to.equal(true);
  });

  it("is not so after a FIN, nor can it be told once this side has finished", async () => {
    const { near, far } = await pair();
    far.end();
    near.resume();
    await eventOf(near, "end");
    expect(wasReset(near)).to.equal(false);
    near.end();
    await eventOf(near, "finish");
    expect(wasReset(near)).to.equal(false);
  });
});
