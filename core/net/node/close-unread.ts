import type { Socket } from "node:net";

/** How long what a client still sends is read and dropped. */
const LINGER_MS = 200;
/** So many sockets at once: a flood that is turned away must not use up the descriptors. Further ones are closed as they are. */
const MOST = 16;

const lingering = new Set<Socket>();

/**
 * Closes a socket that nobody reads so that the peer sees a FIN. To close one in which bytes wait to be read sends a reset instead (RFC 1122
 * section 4.2.2.13), so that what a peer saw would depend on whether it had spoken already. So the FIN is sent, and what comes is read and
 * dropped until the peer has finished too, or for a moment.
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

/** Waits for none of them any longer. */
export function endLingering(): void {
  for (const socket of lingering) socket.destroy();
}
