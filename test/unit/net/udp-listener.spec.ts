import { expect } from "chai";
import type { EventEmitter } from "node:events";
import { UdpListener } from "../../../core/net/udp-listener.ts";

describe("a UDP listener", () => {
  it("drops a datagram that names no port to answer to, and serves the next", async () => {
    const address = { transport: "udp", host: "127.0.0.1", port: 0, path: undefined } as const;
    const listener = await UdpListener.bind(address, "dns", { max: 10, idle: 1000 });
    const clients: string[] = [];
    listener.onFlow = (leg) => {
      leg.write(Buffer.from("answer"));
      clients.push(String(leg.client));
    };
    // Only a raw socket can send from port 0, so the datagrams are handed in where the operating system would.
    const { socket } = listener as unknown as { readonly socket: EventEmitter };
    for (const port of [0, 5353]) socket.emit("message", Buffer.from("query"), { address: "127.0.0.1", family: "IPv4", port, size: 5 });
    listener.close();
    expect(clients).to.deep.equal(["127.0.0.1:5353"]);
  });
});
