import { expect } from "chai";
import { Socket } from "node:net";
import { startUpstream } from "sluice/testing";
import { unreadBytes } from "../../../../core/net/node/unread-bytes.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { connect } from "../../../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Both ends of a connection; the far one reads nothing. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = cleanup.keep(await startUpstream((socket) => void socket.pause()));
  const near = cleanup.keep(await connect(server.port));
  near.on("error", () => undefined);
  await eventually(() => expect(server.sockets.size).to.equal(1));
  const [far] = server.sockets;
  if (far === undefined) throw new Error("nobody was accepted");
  return { near, far };
}

/** Reads until there are so many, without a turn of the event loop, in which Node would read them. */
function read(socket: Socket, bytes: number): string {
  const end = performance.now() + 1000;
  let all = "";
  while (all.length < bytes && performance.now() < end) all += Buffer.concat(unreadBytes(socket)).toString();
  return all;
}

describe("the unread bytes of a socket", () => {
  it("are those that have come, each once", async () => {
    const { near, far } = await pair();
    far.write("x".repeat(100_000));
    expect(read(near, 100_000)).to.equal("x".repeat(100_000));
    expect(unreadBytes(near)).to.deep.equal([]);
  });

  it("are there although the peer has reset the connection", async () => {
    const { near, far } = await pair();
    far.write("last words");
    far.resetAndDestroy();
    expect(read(near, 10)).to.equal("last words");
    expect(unreadBytes(near)).to.deep.equal([]);
  });

  it("are none where the socket is closed or was never open", async () => {
    const { near, far } = await pair();
    far.write("hello");
    near.destroy();
    expect(unreadBytes(near)).to.deep.equal([]);
    expect(unreadBytes(new Socket())).to.deep.equal([]);
  });
});
