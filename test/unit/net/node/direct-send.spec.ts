import { expect } from "chai";
import { createSocket, type Socket } from "node:dgram";
import { sendDirectly, tryDirectSend } from "../../../../core/net/node/direct-send.ts";
import { noLookup } from "../../../../core/net/node/udp-socket.ts";
import { eventOf } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { requireIpv6 } from "../../../support/require-ipv6.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function bound(type: "udp4" | "udp6" = "udp4"): Promise<Socket> {
  const socket = createSocket({ type, lookup: noLookup, recvBufferSize: 1 << 20 });
  cleanup.add(() => void socket.close());
  await new Promise<void>((resolve) => void socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1", resolve));
  return socket;
}

describe("A datagram that is sent directly", () => {
  before(() => tryDirectSend());

  for (const type of ["udp4", "udp6"] as const) {
    it(`arrives as it is over ${type}: of any size, to an address and on a connected socket, and dgram is not asked`, async function () {
      if (type === "udp6") requireIpv6(this);
      const [from, to] = [await bound(type), await bound(type)];
      const { address, port } = to.address();
      const connected = await bound(type);
      await new Promise<void>((resolve) => void connected.connect(port, address, resolve));
      let asked = 0;
      for (const socket of [from, connected]) Object.assign(socket, { send: () => (asked += 1) });
      for (const bytes of [0, 1, 1472, 9000]) {
        for (const send of [
          () => sendDirectly(from, Buffer.alloc(bytes, 7), port, address),
          () => sendDirectly(connected, Buffer.alloc(bytes, 7)),
        ]) {
          const arrived = eventOf(to, "message");
          send();
          const [datagram] = (await arrived) as [Buffer];
          expect(datagram.equals(Buffer.alloc(bytes, 7))).to.equal(true);
        }
      }
      expect(asked).to.equal(0);
    });
  }

  it("arrives in its turn, with what it was sent with, when many are sent at once", async () => {
    const [from, to] = [await bound(), await bound()];
    const { address, port } = to.address();
    const seen: number[] = [];
    const all = new Promise<void>((resolve) => {
      to.on("message", (datagram) => {
        seen.push(datagram.readUInt32BE());
        if (seen.length === 200) resolve();
      });
    });
    for (let at = 0; at < 200; at += 1) {
      const datagram = Buffer.alloc(1000);
      datagram.writeUInt32BE(at);
      sendDirectly(from, datagram, port, address);
    }
    await all;
    expect(seen).to.deep.equal(Array.from({ length: 200 }, (_, at) => at));
  });

  it("is dropped where the socket is closed, or nobody is there", async () => {
    const from = await bound();
    sendDirectly(from, Buffer.from("x"), 9, "127.0.0.1");
    const other = createSocket({ type: "udp4", lookup: noLookup });
    await new Promise<void>((resolve) => void other.bind(0, "127.0.0.1", resolve));
    other.close();
    expect(() => {
      sendDirectly(other, Buffer.from("x"), 9, "127.0.0.1");
    }).to.not.throw();
  });
});
