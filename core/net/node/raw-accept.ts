import { Socket, type Server } from "node:net";
import { HandleOptions } from "./fast-accept.ts";
import { peerName, type NamedHandle } from "./peer-name.ts";
import type { ReadBuffer } from "./read-buffer.ts";
import { SocketOptions } from "./socket-options.ts";

/** A connection that is sent to another process: its handle, which `process.send` accepts like a socket, or the socket. */
export interface Connection {
  close?(): void;
  destroy?(): void;
}

interface Handle {
  onconnection?: (status: number, client: unknown) => void;
}

/** Takes connections that nothing has been read from. */
export type TakeConnection = (connection: Connection) => void;

/**
 * Makes a listening server give its connections to a function that sends them to another process. It gives handles, as Node's cluster does: a socket
 * object would be of no use here, as the other process makes its own. Undocumented; where the server has no such handle, it gives sockets.
 */
export function acceptRaw(server: Server, take: TakeConnection): void {
  const handle = (server as unknown as { _handle?: Handle })._handle;
  server.on("connection", take);
  if (typeof handle?.onconnection !== "function") return;
  const onConnection: Handle["onconnection"] = (status, client) => {
    if (status !== 0 || client === undefined || client === null) server.emit("drop");
    else take(client);
  };
  handle.onconnection = onConnection;
}

/** Options of a plain socket. Like those of a socket that was accepted here; it does not read yet. */
class PlainOptions extends SocketOptions {
  readonly readable = true;
  readonly writable = true;
  readonly pauseOnCreate = true;

  constructor(readonly handle: unknown) {
    super();
  }
}

/** The socket of a connection that came from another process. @param buffer the buffer that it reads into; undefined: it delivers `data` events */
export function socketOf(connection: Connection, buffer: ReadBuffer | undefined): Socket {
  if (connection instanceof Socket) return connection;
  return new Socket(buffer === undefined ? new PlainOptions(connection) : new HandleOptions(connection, buffer.onread()));
}

/** The address of a connection's client. Undefined if it has none, as on a unix socket, or is not connected any more. */
export function peerOf(connection: Connection): string | undefined {
  return connection instanceof Socket ? connection.remoteAddress : peerName(connection as NamedHandle)?.address;
}

/** False if the client has reset a connection that nothing has been read from. One that has only finished sending still reads. */
export function isConnected(connection: Connection): boolean {
  if (connection instanceof Socket) return !connection.destroyed;
  return !("getpeername" in connection) || peerOf(connection) !== undefined;
}

/** Closes a connection that nobody takes. */
export function closeConnection(connection: Connection): void {
  if (connection.destroy === undefined) connection.close?.();
  else connection.destroy();
}
