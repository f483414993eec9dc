import { Socket, type Server } from "node:net";
import { HandleOptions } from "./fast-accept.ts";
import type { ReadBuffer } from "./read-buffer.ts";
import { SocketOptions } from "./socket-options.ts";

/** A connection on its way to another process: the kernel's handle, which `process.send` takes as it takes a socket, or the socket. */
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
 * Makes a listening server give its connections to whoever sends them to another process. Of each its handle, as Node's cluster does: a
 * socket would be made here for nothing, and once more there. Undocumented; where the server has no such handle, sockets.
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

/** What a plain socket is made with: like one that was accepted here, not reading yet. */
class PlainOptions extends SocketOptions {
  readonly readable = true;
  readonly writable = true;
  readonly pauseOnCreate = true;

  constructor(readonly handle: unknown) {
    super();
  }
}

/** The socket of a connection that came from another process. @param buffer where it reads into; undefined: it delivers `data` events */
export function socketOf(connection: Connection, buffer: ReadBuffer | undefined): Socket {
  if (connection instanceof Socket) return connection;
  return new Socket(buffer === undefined ? new PlainOptions(connection) : new HandleOptions(connection, buffer.onread()));
}

/** Closes a connection that nobody takes. */
export function closeConnection(connection: Connection): void {
  if (connection.destroy === undefined) connection.close?.();
  else connection.destroy();
}
