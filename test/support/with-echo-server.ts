import { createSocket } from "node:dgram";
import type { Socket as UdpSocket } from "node:dgram";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { eventOf } from "./bounded.ts";

export interface UdpEchoServer {
  readonly port: number;
  /** `127.0.0.1:<port>`, as a config wants it. */
  readonly endpoint: string;
  /** The source ports seen so far. */
  readonly sources: ReadonlySet<number>;
  close(): Promise<void>;
}

/** Runs a test against a TCP server that sends everything back. */
export async function withEchoServer<T>(run: (server: TestUpstream) => Promise<T>): Promise<T> {
  const server = await startUpstream("echo");
  try {
    return await run(server);
  } finally {
    await server.close();
  }
}

/** A UDP socket on a loopback port (0: a free one), with an error handler. */
export async function bindUdp(port = 0): Promise<UdpSocket> {
  // The default receive buffer (208 KiB) loses datagrams of a burst.
  const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
  // An ICMP "port unreachable" is an error event here, and no error of the test.
  socket.on("error", () => undefined);
  socket.bind(port, "127.0.0.1");
  try {
    await eventOf(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

/** Starts a UDP server that sends every datagram back to where it came from. */
export async function startUdpEcho(): Promise<UdpEchoServer> {
  const socket = await bindUdp();
  const sources = new Set<number>();
  socket.on("message", (datagram, from) => {
    sources.add(from.port);
    socket.send(datagram, from.port, from.address);
  });
  const { port } = socket.address();
  const close = async (): Promise<void> => {
    const closed = eventOf(socket, "close");
    socket.close();
    await closed;
  };
  return { port, endpoint: `127.0.0.1:${port}`, sources, close };
}

/** Runs a test against a UDP server that sends everything back. */
export async function withUdpEchoServer<T>(run: (server: UdpEchoServer) => Promise<T>): Promise<T> {
  const server = await startUdpEcho();
  try {
    return await run(server);
  } finally {
    await server.close();
  }
}
