import { EventEmitter } from "node:events";
import { Socket } from "node:net";

/** Is told of the events of its socket. */
export interface SocketWatcher {
  socketFailed(error: Error): void;
  socketEnded(): void;
  socketClosed(): void;
  /** A write has failed, and the socket is about to be closed. Only called after {@link watchWrites}. */
  writeFailed(): void;
}

const own = Symbol("SocketWatcher");

interface WatchedSocket extends Socket {
  [own]?: SocketWatcher | undefined;
}

function failed(this: WatchedSocket, error: Error): void {
  this[own]?.socketFailed(error);
}

function ended(this: WatchedSocket): void {
  this[own]?.socketEnded();
}

function closed(this: WatchedSocket): void {
  this[own]?.socketClosed();
}

/** In place of the socket's own method. Node calls it for a failed write, and a socket that is not destroyed yet still takes what is read. */
function destroying(this: WatchedSocket, error?: NodeJS.ErrnoException): WatchedSocket {
  if (!this.destroyed && isOfWrite(error)) this[own]?.writeFailed();
  return Socket.prototype.destroy.call(this, error) as WatchedSocket;
}

function isOfWrite(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.syscall === "write";
}

const ignore = (): void => undefined;

/**
 * Tells a watcher of its socket's failure and close. The listeners are the same for all sockets and find the watcher at the socket: functions of each
 * session's own, with what they refer to, took half a KiB of it.
 */
export function watchSocket(socket: Socket, watcher: SocketWatcher): void {
  (socket as WatchedSocket)[own] = watcher;
  socket.on("error", failed).on("close", closed);
}

/** Tells the socket's watcher of its end too: from now on it is read. */
export function watchEnd(socket: Socket): void {
  socket.on("end", ended);
}

/** Tells the socket's watcher of a failed write too, while the socket is still open. */
export function watchWrites(socket: Socket): void {
  socket.destroy = destroying;
}

/** Nobody listens any more, and the closed socket leads to nobody. */
export function unwatchSocket(socket: Socket): void {
  // A stream's own method also schedules a look whether the stream is to be read.
  EventEmitter.prototype.removeAllListeners.call(socket);
  socket.on("error", ignore);
  (socket as WatchedSocket)[own] = undefined;
}
