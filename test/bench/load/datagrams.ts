import { createSocket, type Socket } from "node:dgram";
import type { LoadOptions, StartLoad, Target } from "./load-options.ts";

const receiveBuffer = 4 * 1024 * 1024;
/** A request without a reply for so long is lost, and the next one goes out. */
const patienceMs = 250;
/** In one go at most: beyond it the load is late, and a burst would test the kernel's buffers alone. */
const burst = 256;

export function openDatagrams(): Socket {
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

/** Sends back what comes. */
export async function openBackend(port: number): Promise<void> {
  const backend = openDatagrams();
  backend.on("message", (datagram, from) => {
    backend.send(datagram, from.port, from.address);
  });
  await new Promise<void>((resolve) => void backend.bind(port, "127.0.0.1", resolve));
}

export function connectClient(client: Socket, proxy: number): Promise<void> {
  return new Promise((resolve) => void client.connect(proxy, "127.0.0.1", () => resolve()));
}

async function sockets({ connections }: LoadOptions, { proxy, upstream }: Target, onReply: (client: number) => void): Promise<Socket[]> {
  await openBackend(upstream);
  const clients = Array.from({ length: connections }, () => openDatagrams());
  for (const [index, client] of clients.entries()) {
    client.on("message", () => {
      onReply(index);
    });
    await connectClient(client, proxy);
  }
  return clients;
}

/** Request and response: each client has one datagram on its way. */
export const startDatagrams: StartLoad = async (options, target, gate) => {
  const datagram = Buffer.alloc(options.size, "d");
  let units = 0;
  let lost = 0;
  /** By client: when the datagram on its way was sent; 0: none is. */
  const sentAt = Array.from({ length: options.connections }, () => 0);
  const clients = await sockets(options, target, (client) => {
    units += 1;
    sentAt[client] = 0;
    next(client);
  });
  const sends = clients.map((socket, client) => () => {
    sentAt[client] = performance.now();
    socket.send(datagram);
  });
  const next = (client: number): void => {
    const send = sends[client];
    if (send !== undefined) gate.pass(send);
  };
  for (const client of clients.keys()) next(client);
  setInterval(() => {
    const limit = performance.now() - patienceMs;
    for (const [client, at] of sentAt.entries()) {
      if (at === 0 || at > limit) continue;
      lost += 1;
      sentAt[client] = 0;
      next(client);
    }
  }, 50);
  return { units: () => units, errors: () => 0, lost: () => lost, ready: Promise.resolve() };
};

/** So many requests a second, whether or not replies come. */
export const startDatagramRate: StartLoad = async (options, target, gate) => {
  const datagram = Buffer.alloc(options.size, "r");
  let sent = 0;
  let replies = 0;
  const clients = await sockets(options, target, () => (replies += 1));
  const pacing = (): void => {
    const startedAt = performance.now();
    const pace = (): void => {
      const due = Math.min(burst, Math.floor(((performance.now() - startedAt) / 1000) * options.rate) - sent);
      for (let index = 0; index < due; index += 1) {
        clients[sent % clients.length]?.send(datagram);
        sent += 1;
      }
      setImmediate(() => {
        gate.pass(pace);
      });
    };
    pace();
  };
  gate.pass(pacing);
  // Of all that were sent, the warm-up's too: the load stops and lets the last replies come before it is asked.
  return { units: () => replies, errors: () => 0, lost: () => sent - replies, ready: Promise.resolve() };
};
