import { expect } from "chai";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { bounded } from "./bounded.ts";
import { connect, readBytes } from "./sockets.ts";

/** Sends a text over an open connection and reads as many bytes as are expected back. */
export async function exchange(socket: Socket, text: string, length = Buffer.byteLength(text)): Promise<string> {
  socket.write(text);
  return (await readBytes(socket, length)).toString();
}

/** The same, and fails if something else comes back. */
export async function says(socket: Socket, text: string, answer: string): Promise<void> {
  expect(await exchange(socket, text, answer.length)).to.equal(answer);
}

/** The same over a connection of its own. */
export async function exchangeOnce(port: number, text: string, length?: number): Promise<string> {
  const socket = await connect(port);
  try {
    return await exchange(socket, text, length);
  } finally {
    socket.destroy();
  }
}

/** Whether nobody accepts on a loopback port. */
export async function isRefused(port: number): Promise<boolean> {
  try {
    (await connect(port)).destroy();
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") return true;
    throw error;
  }
}

/**
 * Opens a TLS connection to a loopback port.
 *
 * @throws what the handshake ended with
 */
export async function connectSecurely(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ...options });
  // Later errors are the test's to look at, and never uncaught.
  socket.on("error", () => undefined);
  await bounded(once(socket, "secureConnect"), "the TLS handshake");
  return socket;
}
