import { expect } from "chai";
import type { Socket } from "node:net";
import { StreamLeg } from "../../../core/net/stream-leg.ts";
import { createCleanup } from "../../support/cleanup.ts";
import { connect, readBytes } from "../../support/sockets.ts";
import { startUpstream } from "../../support/with-upstream.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A leg to an echo, and what TCP_NODELAY was set to, with the bytes written before. */
async function openLeg(): Promise<{ leg: StreamLeg; socket: Socket; delays: [enabled: boolean | undefined, after: number][] }> {
  const server = await startUpstream("echo");
  cleanup.add(() => server.close());
  const socket = await connect(server.port);
  cleanup.add(() => void socket.destroy());
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
});
