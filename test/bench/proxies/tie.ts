import type { Socket } from "node:net";

/** Two sockets share one fate: whichever fails or closes takes the other with it. */
export function tie(one: Socket, other: Socket): void {
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    const drop = (): void => void peer.destroy();
    socket.on("error", drop);
    socket.on("close", drop);
  }
}
