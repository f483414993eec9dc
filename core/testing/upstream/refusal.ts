import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** A port of 127.0.0.1 at which everything is refused, and which no other program can bind meanwhile. */
export interface Refusal {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Uses the local port of an open connection: it is in use, but nothing listens there. */
export async function refuseStreams(): Promise<Refusal> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  near.on("error", () => undefined);
  const [far] = (await once(server, "connection")) as [ReturnType<typeof connect>];
  far.on("error", () => undefined);
  if (near.connecting) await once(near, "connect");
  const closed = once(server, "close");
  server.close();
  return {
    port: near.localPort ?? 0,
    async close() {
      near.destroy();
      far.destroy();
      await closed;
    },
  };
}

/** Uses the port of a socket that is connected to itself: the kernel refuses datagrams of all other senders. */
export async function refuseDatagrams(): Promise<Refusal> {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  const connected = once(socket, "connect");
  socket.connect(port, "127.0.0.1");
  await connected;
  return {
    port,
    async close() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
