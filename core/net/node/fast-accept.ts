import { Socket, type Server } from "node:net";
import type { OnRead } from "./late-onread.ts";
import { tryOverLoopback } from "./loopback-trial.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { SocketOptions } from "./socket-options.ts";

interface Handle {
  onconnection?: (status: number, client: unknown) => void;
}

/** Node has the options `handle` and `manualStart`, and does not document them. */
export class HandleOptions extends SocketOptions {
  readonly readable = true;
  readonly writable = true;
  readonly manualStart = true;

  constructor(
    readonly handle: unknown,
    readonly onread: OnRead,
  ) {
    super();
  }
}

/** Takes each accepted socket, which does not read yet. Must put an error handler on the socket before it returns. */
export type OnAccept = (socket: Socket, buffer: ReadBuffer | undefined) => void;

let support: Promise<boolean> | undefined;

/**
 * Makes a listening server hand out sockets that read into a {@link ReadBuffer}. `net.Server` has no option for this (nodejs/node #25436), so the
 * callback of its handle is replaced, and the socket is made here with the options that Node's own callback would use. Undocumented: use it only
 * where {@link fastAcceptWorks} says yes; without it sockets deliver `data` events.
 *
 * @returns false when this Node has no callback to replace
 */
export function acceptFast(server: Server, accept: OnAccept): boolean {
  const handle = (server as unknown as { _handle?: Handle })._handle;
  if (typeof handle?.onconnection !== "function") return false;
  const onconnection: Handle["onconnection"] = (status, client) => {
    if (status !== 0 || client === undefined || client === null) {
      server.emit("drop");
      return;
    }
    const buffer = new ReadBuffer();
    const socket = new Socket(new HandleOptions(client, buffer.onread()));
    accept(socket, buffer);
  };
  handle.onconnection = onconnection;
  return true;
}

/** Whether {@link acceptFast} carries bytes both ways on this Node: tried once per process, over loopback. SLUICE_FAST_ACCEPT=0 turns it off. */
export function fastAcceptWorks(): Promise<boolean> {
  support ??= process.env["SLUICE_FAST_ACCEPT"] === "0" ? Promise.resolve(false) : tryOnce().catch(() => false);
  return support;
}

function tryOnce(): Promise<boolean> {
  return tryOverLoopback(({ server, client }, done) => {
    const ok = acceptFast(server, (socket, buffer) => {
      socket.on("error", () => undefined);
      if (buffer !== undefined) buffer.reader = { data: (chunk) => socket.write(chunk), done: false };
      buffer?.serve(socket);
      socket.on("end", () => socket.end());
      socket.resume();
    });
    if (!ok) done(false);
    client.on("close", () => {
      done(false);
    });
    client.once("data", (chunk) => {
      done(chunk.toString() === "sluice");
    });
    client.write("sluice");
  });
}
