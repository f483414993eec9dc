import { expect } from "chai";
import type { Socket } from "node:dgram";
import { dialUdp, UdpUpstreamLeg, type UdpWatcher } from "../../../../core/net/legs/udp-upstream-leg.ts";
import { defaultBuffers } from "../../../../core/net/node/udp-socket.ts";
import { bounded } from "../../../support/bounded.ts";
import { freePort } from "../../../support/sockets.ts";

function watcherOf(dialled: UdpWatcher["dialled"], refused = (): void => undefined): UdpWatcher {
  return { dialled, refused, failed: () => undefined, heard: () => undefined, released: () => undefined };
}

async function dial(port: number): Promise<{ leg: UdpUpstreamLeg; refusals: () => number }> {
  let refusals = 0;
  const opened = new Promise<UdpUpstreamLeg>((resolve, reject) => {
    const watcher = watcherOf(resolve, () => void (refusals += 1));
    dialUdp({ address: "127.0.0.1", family: 4, port, buffers: defaultBuffers }, { ...watcher, failed: reject });
  });
  return { leg: await bounded(opened, "the leg"), refusals: () => refusals };
}

describe("the upstream leg of a UDP session", () => {
  it("survives every error that the operating system reports on its socket", async () => {
    const port = await freePort();
    const { leg, refusals } = await dial(port);
    const { socket } = leg as unknown as { readonly socket: Socket };
    for (let turn = 0; turn < 3; turn += 1) socket.emit("error", new Error("ECONNREFUSED"));
    expect(refusals()).to.equal(3);
    const closed = new Promise<void>((resolve) => (leg.onClosed = resolve));
    leg.destroy();
    leg.destroy();
    expect(leg.write(Buffer.from("late"))).to.equal(true);
    await bounded(closed, "the close");
  });

  it("drops datagrams while more than 1 MiB waits to be sent, and sends again after it", () => {
    let waiting = 2 * 1024 * 1024;
    let sent = 0;
    const socket = { getSendQueueSize: () => waiting, send: () => (sent += 1) };
    const leg = new UdpUpstreamLeg(
      socket as unknown as Socket,
      watcherOf(() => undefined),
    );
    const write = (): void => {
      for (let turn = 0; turn < 64; turn += 1) leg.write(Buffer.from("x"));
    };
    write();
    expect(sent).to.be.below(64);
    waiting = 0;
    sent = 0;
    write();
    expect(sent).to.equal(64);
  });
});
