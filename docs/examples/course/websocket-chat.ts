// A chat over WebSockets (RFC 6455): what one says, all hear. Through a proxy, which upgrades the connections.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { createProxy } from "sluice";
import { http } from "sluice/plugins";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
server.on("connection", (guest, request) => {
  const name = new URL(request.url ?? "/", "ws://chat").searchParams.get("name") ?? "somebody";
  guest.on("message", (text: Buffer) => {
    for (const each of server.clients) each.send(`${name}: ${text.toString()}`);
  });
});

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    chat: {
      listen: "tcp://127.0.0.1:0",
      plugins: [http({ routes: [{ path: "/chat", upstream: `127.0.0.1:${(server.address() as AddressInfo).port}` }] })],
    },
  },
});

interface Guest {
  readonly name: string;
  readonly socket: WebSocket;
  readonly heard: string[];
}

async function enter(name: string): Promise<Guest> {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.listeners["chat"]?.address.port}/chat?name=${name}`);
  const heard: string[] = [];
  socket.on("message", (text: Buffer) => heard.push(text.toString()));
  await once(socket, "open");
  return { name, socket, heard };
}

const guests = await Promise.all(["Ada", "Grace", "Barbara"].map(enter));
for (const { name, socket } of guests) {
  // Whoever speaks waits until all have heard it.
  const heardByAll = guests.map((guest) => once(guest.socket, "message"));
  socket.send(`this is ${name}`);
  await Promise.all(heardByAll);
}
for (const { name, heard } of guests) console.log(`${name} heard ${heard.join(", ")}`);

const left = guests.map(({ socket }) => once(socket, "close"));
for (const { socket } of guests) socket.close(1000, "good night");
console.log(`closed with ${(await Promise.all(left)).map(([code]) => Number(code)).join(", ")}`);

await proxy.close();
server.close();
