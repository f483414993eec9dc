import { connect, createServer, Socket, type NetConnectOpts } from "node:net";
import { connect as connectTls } from "node:tls";

/** What arrives is counted and forgotten, so all sockets read into one place. */
const sink = Buffer.allocUnsafeSlow(256 * 1024);

/** Told of so many bytes, which are at the beginning of `from` during the call. */
export type OnBytes = (bytes: number, socket: Socket, from: Buffer) => void;

/** The last TLS session that was given, for the next connection. */
export interface TlsSessions {
  last: Buffer | undefined;
}

const ignore = (): void => undefined;

/** Three endpoints for a proxy that balances; the first one is that of all others. */
export const backEnds = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;

/** The end behind the proxy, at each of its addresses. Sockets are made again around the accepted handle: the load must cost less than the proxy it drives. */
export async function serve(port: number, onBytes: OnBytes): Promise<void> {
  await Promise.all(backEnds.map((host) => serveAt(host, port, onBytes)));
}

function serveAt(host: string, port: number, onBytes: OnBytes): Promise<void> {
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const inner = accepted as unknown as { _handle: unknown };
    const handle = inner._handle;
    inner._handle = null;
    const socket: Socket = new Socket({ handle, readable: true, writable: true, onread: onreadOf(() => socket, onBytes) } as object);
    socket.setNoDelay(true);
    socket.on("error", ignore);
    socket.resume();
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
}

/** The end in front of the proxy. */
export function dial(
  { port, tls, sessions }: { readonly port: number; readonly tls: boolean; readonly sessions?: TlsSessions | undefined },
  onBytes: OnBytes,
  onOpen: (socket: Socket) => void,
): Socket {
  if (tls) {
    const { last } = sessions ?? {};
    const resumes = last === undefined ? {} : { session: last };
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false, ...resumes });
    if (sessions !== undefined) socket.on("session", (session) => (sessions.last = session));
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      onBytes(chunk.length, socket, chunk);
    });
    socket.once("secureConnect", () => {
      onOpen(socket);
    });
    return socket;
  }
  const options = { port, host: "127.0.0.1", noDelay: true, onread: onreadOf((): Socket => socket, onBytes) };
  const socket: Socket = connect(options as unknown as NetConnectOpts);
  socket.once("connect", () => {
    onOpen(socket);
  });
  return socket;
}

function onreadOf(socket: () => Socket, onBytes: OnBytes): object {
  return {
    buffer: sink,
    callback: (bytes: number) => {
      onBytes(bytes, socket(), sink);
      return true;
    },
  };
}

/** Sends back what came: messages are all alike, so any bytes of the right number will do. */
export const sendBack: OnBytes = (bytes, socket) => {
  socket.write(sink.subarray(0, bytes));
};
