import { createSocket, type Socket } from "node:dgram";
import type { Load, LoadOptions } from "./load-options.ts";

const receiveBuffer = 4 * 1024 * 1024;
/** A request without a reply for so long is lost, and the next one goes out. */
const patienceMs = 250;
/** In one go at most: beyond it the load is late, and a burst would test the kernel's buffers alone. */
const burst = 256;

function open(): Socket {
  const socket = createSocket({
    type: "udp4",
    recvBufferSize: receiveBuffer,
    lookup: (address, _options, done) => {
      done(null, address, 4);
    },
  });
  socket.on("error", () => undefined);
  return socket;
}

async function sockets({ connections, proxy, upstream }: LoadOptions, onReply: (client: number) => void): Promise<Socket[]> {
  const backend = open();
  backend.on("message", (datagram, from) => {
    backend.send(datagram, from.port, from.address);
  });
  await new Promise<void>((resolve) => void backend.bind(upstream, "127.0.0.1", resolve));
  const clients = Array.from({ length: connections }, () => open());
  for (const [index, client] of clients.entries()) {
    client.on("message", () => {
      onReply(index);
    });
    await new Promise<void>((resolve) => void client.connect(proxy, "127.0.0.1", () => resolve()));
  }
  return clients;
}

/** Request and response: each client has one datagram on its way. */
export async function startDatagrams(options: LoadOptions): Promise<Load> {
  const datagram = Buffer.alloc(options.size, "d");
  const sentAt: number[] = [];
  let units = 0;
  let lost = 0;
  const send = (client: number): void => {
    sentAt[client] = performance.now();
    clients[client]?.send(datagram);
  };
  const clients = await sockets(options, (client) => {
    units += 1;
    send(client);
  });
  for (const client of clients.keys()) send(client);
  setInterval(() => {
    const limit = performance.now() - patienceMs;
    for (const client of clients.keys()) {
      if ((sentAt[client] ?? 0) > limit) continue;
      lost += 1;
      send(client);
    }
  }, 50);
  return { units: () => units, errors: () => 0, lost: () => lost, ready: Promise.resolve() };
}

/** So many requests a second, whether or not replies come. */
export async function startDatagramRate(options: LoadOptions): Promise<Load> {
  const datagram = Buffer.alloc(options.size, "r");
  let sent = 0;
  let replies = 0;
  let on = true;
  const clients = await sockets(options, () => (replies += 1));
  const startedAt = performance.now();
  const pace = (): void => {
    if (!on) return;
    const due = Math.min(burst, Math.floor(((performance.now() - startedAt) / 1000) * options.rate) - sent);
    for (let index = 0; index < due; index += 1) {
      clients[sent % clients.length]?.send(datagram);
      sent += 1;
    }
    setImmediate(pace);
  };
  pace();
  return {
    units: () => replies,
    errors: () => 0,
    // Of all that were sent, the warm-up's too: the load stops and lets the last replies come before it counts.
    lost: () => sent - replies,
    ready: Promise.resolve(),
    measure: (begin) => {
      on = begin;
    },
  };
}
