import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { tryOverLoopback } from "../loopback-trial.ts";

/** libuv's handle of a TCP or unix socket. `readStart` returns 0, or an error number if the handle already reads. */
interface RawHandle {
  readonly readStart?: () => number;
  readonly readStop?: () => number;
}

/** The handle of a TLS socket: whether it is reading, and the handle below it. */
interface TlsHandle {
  readonly reading?: boolean;
  readonly _parent?: RawHandle;
}

const truncated = Symbol("truncated");
/** The key for the last session ticket. */
const lastTicket = Symbol("last ticket");

/** Milliseconds after a session ticket in which an end may still belong to the handshake. */
const SAME_FLIGHT_MS = 50;

/** When a session ticket came, and how many bytes had been read by then. */
interface Ticket {
  readonly time: number;
  readonly bytes: number;
}

interface Watched extends TLSSocket {
  readonly _handle?: TlsHandle | null;
  [truncated]?: boolean;
  [lastTicket]?: Ticket;
}

let trial: Promise<void> | undefined;
let works = false;

/**
 * Notices when the connection below a TLS socket ends without a close_notify. An attacker can cut off data like that (RFC 8446 section 6.1), and Node
 * reports it as a normal end. Call it before the socket is read.
 *
 * Node ends the stream in one of two reads: in the read that brought the close_notify, while the handle below still reads; or in the read that found
 * the end of the connection, after libuv has stopped reading. So at that moment `readStart` of the handle is called, and its result tells the two
 * apart. Nothing is done per chunk. Undocumented: used only where {@link tryTruncation} has seen it work.
 */
export function watchTruncation(socket: TLSSocket): void {
  if (!works) return;
  socket.push = push;
  socket.on("session", noteTicket);
}

function noteTicket(this: Watched): void {
  this[lastTicket] = { time: performance.now(), bytes: this.bytesRead };
}

/** Whether a socket given to {@link watchTruncation} ended without a close_notify. */
export function wasTruncated(socket: Socket): boolean {
  return (socket as Watched)[truncated] === true;
}

/** Tries whether the two kinds of end can be told apart on this Node: once per process, over loopback. It has no switch, as it is not about speed. */
export function tryTruncation(): Promise<void> {
  trial ??= tryOnce();
  return trial;
}

/** Replaces `push` of a watched socket; null is the end. */
function push(this: Watched, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null) this[truncated] ??= endedBelow(this);
  return TLSSocket.prototype.push.call(this, chunk, encoding);
}

function endedBelow(socket: Watched): boolean {
  const { _handle: handle } = socket;
  // The reader had stopped reading before the end came, so the end came in the same read as the bytes before it: it is a close_notify.
  if (handle?._parent === undefined || handle.reading !== true) return false;
  // Up to TLS 1.2 a peer need not answer a close_notify (RFC 5246 section 7.2.1).
  if (socket.writableFinished && socket.getProtocol() !== "TLSv1.3") return false;
  return !endsInHandshake(socket) && hasEnded(handle._parent);
}

/**
 * A TLS 1.3 server of Node that ends within its "secureConnection" event sends no close_notify, as OpenSSL has not finished the handshake then. It is
 * recognised by its session tickets: they belong to the handshake but come after the data, and the end comes with them.
 */
function endsInHandshake({ bytesRead, [lastTicket]: ticket }: Watched): boolean {
  return ticket !== undefined && bytesRead > 0 && ticket.bytes === bytesRead && performance.now() - ticket.time < SAME_FLIGHT_MS;
}

function hasEnded(handle: RawHandle): boolean {
  if (typeof handle.readStart !== "function" || typeof handle.readStop !== "function" || handle.readStart() !== 0) return false;
  handle.readStop();
  return true;
}

/** Tries it with a plain socket: what `readStart` returns while the socket reads, and what it returns at its end. */
async function tryOnce(): Promise<void> {
  works = await tryOverLoopback(({ server, client }, done) => {
    server.on("connection", (socket) => socket.end("sluice"));
    const answers: boolean[] = [];
    const asking = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      answers.push(hasEnded((client as unknown as { _handle: RawHandle })._handle));
      return Socket.prototype.push.call(client, chunk, encoding);
    };
    client.push = asking;
    client.on("data", () => undefined);
    client.on("close", () => {
      done(answers.length >= 2 && answers.indexOf(true) === answers.length - 1);
    });
  });
}
