import type { Socket } from "node:net";

/** Milliseconds during which bytes that a client still sends are read and dropped. */
const LINGER_MS = 200;
/** Sockets that linger at the same time: a flood of refused clients must not use up the descriptors. Further ones are closed at once. */
const MOST = 16;

const lingering = new Set<Socket>();

/**
 * Closes a socket that nobody reads, so that the peer sees a FIN. Closing a socket with unread bytes would send a reset instead (RFC 1122 section
 * 4.2.2.13), and what the peer sees would depend on whether it has sent anything. So the FIN is sent, and incoming bytes are read and dropped until
 * the peer has finished too, or for a moment.
 *
 * @param drop makes the socket read into nothing
 */
export function closeUnread(socket: Socket, drop: () => void): void {
  if (socket.destroyed || socket.connecting || lingering.size >= MOST) {
    socket.destroy();
    return;
  }
  lingering.add(socket);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => {
    lingering.delete(socket);
    clearTimeout(timer);
  });
  socket.once("end", () => socket.destroy());
  socket.end();
  drop();
  socket.resume();
}

/** Closes all lingering sockets now. */
export function endLingering(): void {
  for (const socket of lingering) socket.destroy();
}
