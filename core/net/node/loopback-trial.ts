import { connect, createServer, type AddressInfo, type Server, type ServerOpts, type Socket } from "node:net";
import { TRIAL_PATIENCE_MS } from "./trial-patience.ts";

/** A server, and a client that is connecting to it. They have error handlers and are destroyed when the trial is over. */
export interface Loopback {
  readonly server: Server;
  readonly client: Socket;
}

/**
 * Tries an undocumented part of Node over one connection of loopback.
 *
 * @param run tries it, and says whether it works; further answers have no effect
 * @returns false also for a trial that takes longer than TRIAL_PATIENCE_MS or cannot start
 */
export function tryOverLoopback(
  run: (loopback: Loopback, done: (works: boolean) => void) => void,
  options: ServerOpts = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer(options);
    const sockets: Socket[] = [];
    const done = (works: boolean): void => {
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      server.close(() => {
        resolve(works);
      });
    };
    const keep = (socket: Socket): void => {
      socket.on("error", () => undefined);
      sockets.push(socket);
    };
    const timer = setTimeout(done, TRIAL_PATIENCE_MS, false);
    server.on("error", () => {
      done(false);
    });
    server.on("connection", keep);
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
      const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: options.allowHalfOpen });
      keep(client);
      run({ server, client }, done);
    });
  });
}
