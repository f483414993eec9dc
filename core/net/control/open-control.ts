import { connect, type Socket } from "node:net";
import { isTrusted } from "./control-path.ts";

/** Connects to the socket of a proxy, if its file belongs to this user. Resolves with the code of the error if nobody answers there. */
export function openTrusted(path: string, config: string): Promise<Socket | string> {
  return isTrusted(path, config) ? open(path) : Promise.resolve("EACCES");
}

/** The socket's queue of connections is full: its process accepts none. */
export function isBusy(code: string): boolean {
  return code === "EAGAIN";
}

function open(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? "");
    });
    socket.once("connect", () => {
      resolve(socket);
    });
  });
}
