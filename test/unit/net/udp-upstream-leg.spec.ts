import { expect } from "chai";
import type { Socket } from "node:dgram";
import { dialUdp, UdpUpstreamLeg } from "../../../core/net/udp-upstream-leg.ts";
import { bounded } from "../../support/bounded.ts";
import { freePort } from "../../support/sockets.ts";

describe("the upstream leg of a UDP session", () => {
  it("survives every error that the operating system reports on its socket", async () => {
    const port = await freePort();
    let socket: Socket | undefined;
    const dialled = new Promise<UdpUpstreamLeg>((resolve, reject) => {
      socket = dialUdp("127.0.0.1", 4, port, (error, leg) => (error === undefined ? resolve(leg) : reject(error)));
    });
    const leg = await bounded(dialled, "the leg");
    for (let turn = 0; turn < 3; turn += 1) socket?.emit("error", new Error("ECONNREFUSED"));
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
    const leg = new UdpUpstreamLeg(socket as unknown as Socket);
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
