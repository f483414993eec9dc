import { connect, createServer, Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** libuv's handle of a TCP or unix socket. `readStart` gives 0, or an error number where it reads already. */
interface RawHandle {
  readonly readStart?: () => number;
  readonly readStop?: () => number;
}

/** The handle of a TLS socket: whether it is read, and the handle below. */
interface TlsHandle {
  readonly reading?: boolean;
  readonly _parent?: RawHandle;
}

const truncated = Symbol("truncated");
/** How much had been read when the last session ticket came. */
const ticketAt = Symbol("ticket at");

interface Watched extends TLSSocket {
  readonly _handle?: TlsHandle | null;
  [truncated]?: boolean;
  [ticketAt]?: number;
}

let trial: Promise<void> | undefined;
let works = false;

/**
 * Notices when the connection below a TLS socket ends without a close_notify, which is an attacker's way to cut off data
 * (RFC 8446 section 6.1) and which Node reports as an end like any other. Call it before the socket is read.
 *
 * Node ends the stream within the read that brought the close_notify, while the handle below still reads; or within the read that
 * found the end of the connection, for which libuv has stopped reading. So at that moment the handle is told to read, and what it
 * answers tells the two apart. Nothing is done per chunk. Undocumented: only where {@link tryTruncation} has seen it work.
 */
export function watchTruncation(socket: TLSSocket): void {
  if (!works) return;
  socket.push = push;
  socket.on("session", noteTicket);
}

function noteTicket(this: Watched): void {
  this[ticketAt] = this.bytesRead;
}

/** Whether a socket given to {@link watchTruncation} ended without a close_notify. */
export function wasTruncated(socket: Socket): boolean {
  return (socket as Watched)[truncated] === true;
}

/** Sees whether the two kinds of end can be told apart on this Node: once per process, over loopback. No switch turns it off: it is no matter of speed. */
export function tryTruncation(): Promise<void> {
  trial ??= tryOnce();
  return trial;
}

/** `push` of a watched socket: null is the end. */
function push(this: Watched, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null) this[truncated] ??= endedBelow(this);
  return TLSSocket.prototype.push.call(this, chunk, encoding);
}

function endedBelow(socket: Watched): boolean {
  const { _handle: handle } = socket;
  // Reading was stopped by hand before the end came, so it came in the same read as the bytes before it: that is a close_notify.
  if (handle?._parent === undefined || handle.reading !== true) return false;
  // Until TLS 1.2 a peer that has been told of the end owes no answer to it (RFC 5246 section 7.2.1).
  if (socket.writableFinished && socket.getProtocol() !== "TLSv1.3") return false;
  // A TLS 1.3 server of Node's that ends within its "secureConnection" event sends no close_notify: OpenSSL has not finished the handshake
  // then. It is known by its tickets, which belong to the handshake and yet come behind the data.
  if (socket.bytesRead > 0 && socket[ticketAt] === socket.bytesRead) return false;
  return hasEnded(handle._parent);
}

function hasEnded(handle: RawHandle): boolean {
  if (typeof handle.readStart !== "function" || typeof handle.readStop !== "function" || handle.readStart() !== 0) return false;
  handle.readStop();
  return true;
}

/** A plain socket shows what the handle says while it reads, and at its end. */
function tryOnce(): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("sluice");
    });
    server.on("error", () => {
      resolve();
    });
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
      const timer = setTimeout(() => client.destroy(), 1000);
      const answers: boolean[] = [];
      const asking = (chunk: unknown, encoding?: BufferEncoding): boolean => {
        answers.push(hasEnded((client as unknown as { _handle: RawHandle })._handle));
        return Socket.prototype.push.call(client, chunk, encoding);
      };
      client.push = asking;
      client.on("error", () => undefined);
      client.on("data", () => undefined);
      client.on("close", () => {
        clearTimeout(timer);
        works = answers.length >= 2 && answers.indexOf(true) === answers.length - 1;
        server.close(() => {
          resolve();
        });
      });
    });
  });
}
