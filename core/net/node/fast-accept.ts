import { connect, createServer, Socket, type Server } from "node:net";
import type { OnRead } from "./late-onread.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { SocketOptions } from "./socket-options.ts";

interface Handle {
  onconnection?: (status: number, client: unknown) => void;
}

/** `handle` and `manualStart` Node has and does not document. */
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

/** Given each socket, not reading yet. It puts an error handler on it before it returns. */
export type OnAccept = (socket: Socket, buffer: ReadBuffer | undefined) => void;

let support: Promise<boolean> | undefined;

/**
 * Makes a listening server hand out sockets that read into a {@link ReadBuffer}. `net.Server` has no option for it (nodejs/node #25436),
 * so its handle's callback is replaced and the socket made here, once, with what Node's own callback would give it. Undocumented:
 * use it only where {@link fastAcceptWorks} says yes; without it sockets deliver `data` events.
 *
 * @returns how to give Node its own callback back; undefined when this Node has nothing to replace
 */
export function acceptFast(server: Server, accept: OnAccept): (() => void) | undefined {
  const handle = (server as unknown as { _handle?: Handle })._handle;
  const native = handle?.onconnection;
  if (handle === undefined || typeof native !== "function") return undefined;
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
  return () => {
    handle.onconnection = native;
  };
}

/** Whether {@link acceptFast} carries bytes both ways on this Node: tried once per process, over loopback. SLUICE_FAST_ACCEPT=0 says no. */
export function fastAcceptWorks(): Promise<boolean> {
  support ??= process.env["SLUICE_FAST_ACCEPT"] === "0" ? Promise.resolve(false) : tryOnce().catch(() => false);
  return support;
}

function tryOnce(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => {
      resolve(false);
    });
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
      const ok =
        undefined !==
        acceptFast(server, (socket, buffer) => {
          socket.on("error", () => undefined);
          if (buffer !== undefined) buffer.reader = { data: (chunk) => socket.write(chunk), done: false };
          buffer?.serve(socket);
          socket.on("end", () => socket.end());
          socket.resume();
        });
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const done = (works: boolean): void => {
        clearTimeout(timer);
        client.destroy();
        server.close();
        resolve(works);
      };
      const timer = setTimeout(done, 1000, false);
      const client = connect(port, "127.0.0.1");
      client.on("error", () => {
        done(false);
      });
      client.once("data", (chunk) => {
        done(ok && chunk.toString() === "sluice");
      });
      if (ok) client.write("sluice");
      else done(false);
    });
  });
}
