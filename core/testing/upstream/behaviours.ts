import type { Socket } from "node:net";
import { resetSocket } from "../../net/node/reset-socket.ts";

const GARBAGE = Buffer.alloc(64, 0xff);

/** Echoes one byte after each pause, and FIN after the last byte. */
function echoSlowly(socket: Socket, every: number): void {
  const queue: number[] = [];
  let ended = false;
  const timer = setInterval(() => {
    const byte = queue.shift();
    if (byte !== undefined) socket.write(Buffer.of(byte));
    else if (ended) socket.end();
    if (queue.length === 0) socket.resume();
  }, every);
  socket.on("data", (chunk: Buffer) => {
    queue.push(...chunk);
    socket.pause();
  });
  socket.once("end", () => (ended = true));
  socket.once("close", () => {
    clearInterval(timer);
  });
}

type StreamBehaviour = (socket: Socket, every: number) => void;
type DatagramBehaviour = (datagram: Buffer, reply: (answer: Buffer) => void, every: number) => void;

/** What an upstream does with a connection. `every`: the pause of a slow upstream in milliseconds. */
export const streamBehaviours: Readonly<Record<"echo" | "discard" | "hang" | "reset" | "garbage" | "slow", StreamBehaviour>> = {
  echo: (socket) => void socket.pipe(socket),
  discard: (socket) => void socket.resume().once("end", () => socket.end()),
  hang: (socket) => void socket.resume(),
  reset: (socket) =>
    void socket.once("data", () => {
      resetSocket(socket);
    }),
  garbage: (socket) => void socket.resume().end(GARBAGE),
  slow: echoSlowly,
};

/** What an upstream does with a datagram: `reply` sends a datagram back to the sender. */
export const datagramBehaviours: Readonly<Record<"echo" | "discard" | "hang" | "garbage" | "slow", DatagramBehaviour>> = {
  echo: (datagram, reply) => {
    reply(datagram);
  },
  discard: () => undefined,
  hang: () => undefined,
  garbage: (_datagram, reply) => {
    reply(GARBAGE);
  },
  slow: (datagram, reply, every) => {
    setTimeout(reply, every, datagram).unref();
  },
};

/** The kinds of upstreams. */
export type UpstreamKind = keyof typeof streamBehaviours | "refuse" | "http";
