import { createHash } from "node:crypto";
import { connect as connectTcp, createServer } from "node:net";
import type { AddressInfo, Server, Socket, TcpSocketConnectOpts, IpcSocketConnectOpts } from "node:net";
import { bounded, eventOf } from "./bounded.ts";

const ignore = (): void => undefined;

/**
 * Opens a TCP or unix connection, half-open sockets allowed; its later errors are the test's to look at, and never uncaught.
 *
 * @throws the OS error, when it is refused
 */
export async function connect(to: number | TcpSocketConnectOpts | IpcSocketConnectOpts): Promise<Socket> {
  const options = typeof to === "number" ? { port: to, host: "127.0.0.1" } : to;
  const socket = connectTcp({ ...options, allowHalfOpen: true });
  socket.on("error", ignore);
  socket.setNoDelay(true);
  await eventOf(socket, "connect");
  return socket;
}

/**
 * All bytes until the other side's FIN.
 *
 * @throws when the connection is reset or breaks before a FIN, or when none comes in time
 */
export async function readAll(socket: Socket, within?: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const ended = new Promise<Buffer>((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection closed without a FIN")));
  });
  return bounded(ended, "the other side's FIN", within);
}

/**
 * Exactly so many bytes; what comes after them stays in the socket.
 *
 * @throws when the connection ends before they have come, or when they do not come in time
 */
export async function readBytes(socket: Socket, count: number, within?: number): Promise<Buffer> {
  let stop = ignore;
  const read = new Promise<Buffer>((resolve, reject) => {
    const take = (): void => {
      // read(count) gives null while fewer are buffered, and once the stream has ended the remainder, which is too short.
      const chunk: unknown = count === 0 ? Buffer.alloc(0) : socket.read(count);
      if (chunk instanceof Buffer && chunk.length === count) resolve(chunk);
      else if (chunk instanceof Buffer) reject(new Error(`the connection ended after ${chunk.length} of ${count} bytes`));
    };
    const ended = (): void => reject(new Error(`the connection ended before ${count} bytes had come`));
    socket.on("readable", take).once("end", ended).once("error", reject).once("close", ended);
    stop = () => void socket.off("readable", take).off("end", ended).off("error", reject).off("close", ended);
    take();
  });
  try {
    return await bounded(read, `${count} bytes`, within);
  } finally {
    stop();
  }
}

/** The code of a socket's error, which Node types as any. */
const codeOf = (error: NodeJS.ErrnoException | null): string | undefined => error?.code;

/** Waits until a socket is closed, by whatever cause; gives the error code (`ECONNRESET`), or undefined after a clean close. */
export async function closeOf(socket: Socket, within?: number): Promise<string | undefined> {
  let code = codeOf(socket.errored);
  if (socket.closed) return code;
  socket.once("error", (error: NodeJS.ErrnoException) => (code = error.code));
  socket.resume();
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  await bounded(closed, "the socket's close", within);
  return code;
}

/** Lower-case hexadecimal SHA-256. */
export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A server's TCP port. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A loopback port on which nobody listens (any more). */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  const port = portOf(server);
  server.close();
  await eventOf(server, "close");
  return port;
}

/** Whether nothing listens on a TCP port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
