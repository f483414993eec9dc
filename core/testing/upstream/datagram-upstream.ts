import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { upstreamAt, type UpstreamPlace } from "./upstream-place.ts";
import { refuseDatagrams } from "./refusal.ts";
import type { ReceivedData } from "./received-data.ts";
import type { TestUpstream } from "./test-upstream.ts";

/** A large buffer: the default (208 KiB) loses datagrams of a burst. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** What an upstream does with a datagram: `reply` sends a datagram back to the sender. */
export type DatagramResponder = (datagram: Buffer, reply: (answer: Buffer) => void) => void;

/**
 * @param behave what to do with each datagram; undefined to refuse all
 * @param use called once with the socket
 */
export async function startDatagramUpstream(
  behave: DatagramResponder | undefined,
  use: (socket: Socket) => void,
  taken: ReceivedData,
  port: number,
): Promise<TestUpstream> {
  const clients = new Set<string>();
  const visited: DatagramResponder = (datagram, reply) => {
    taken.add(datagram);
    behave?.(datagram, reply);
  };
  const place = behave === undefined ? await refusingPlace() : await listeningPlace(visited, clients, use, port);
  return upstreamAt(place, { taken, connections: () => clients.size, sockets: new Set(), datagrams: true });
}

async function refusingPlace(): Promise<UpstreamPlace> {
  const { port, close } = await refuseDatagrams();
  return { endpoint: `127.0.0.1:${port}`, port, shut: close };
}

async function listeningPlace(
  answer: DatagramResponder,
  clients: Set<string>,
  use: (socket: Socket) => void,
  port: number,
): Promise<UpstreamPlace> {
  const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BUFFER });
  let isOpen = true;
  // An ICMP "port unreachable" becomes an error event, which is not an error of the test.
  socket.on("error", () => undefined);
  socket.on("message", (datagram, from) => {
    clients.add(`${from.address}:${from.port}`);
    answer(datagram, (reply) => {
      if (isOpen) socket.send(reply, from.port, from.address);
    });
  });
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  try {
    use(socket);
  } catch (error) {
    // It would keep the process alive.
    socket.close();
    throw error;
  }
  const bound = socket.address().port;
  return {
    endpoint: `127.0.0.1:${bound}`,
    port: bound,
    async shut() {
      isOpen = false;
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
