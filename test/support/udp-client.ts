import type { Socket } from "node:dgram";
import { bounded } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { bindUdp } from "./with-echo-server.ts";

/** One UDP client of a proxy. */
export interface UdpClient {
  readonly port: number;
  /** Everything that it got, in order. */
  readonly received: readonly Buffer[];
  send(datagram: Buffer | string): void;
  /** Sends a datagram and gives the next one that comes. */
  ask(datagram: Buffer | string, within?: number): Promise<Buffer>;
}

/** Opens a client of a proxy's UDP port; the cleanup closes it. */
export async function startUdpClient(cleanup: Cleanup, to: number): Promise<UdpClient> {
  const socket: Socket = await bindUdp();
  cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
  const received: Buffer[] = [];
  const waiting: ((datagram: Buffer) => void)[] = [];
  socket.on("message", (datagram) => {
    received.push(datagram);
    waiting.shift()?.(datagram);
  });
  const sendTo = (datagram: Buffer | string): void => void socket.send(datagram, to, "127.0.0.1");
  return {
    port: socket.address().port,
    received,
    send: sendTo,
    async ask(datagram, within) {
      let take = (_datagram: Buffer): void => undefined;
      const answer = new Promise<Buffer>((resolve) => (take = resolve));
      waiting.push(take);
      sendTo(datagram);
      try {
        return await bounded(answer, "a datagram", within);
      } finally {
        // Whoever has given up takes no answer from those who still wait.
        if (waiting.includes(take)) waiting.splice(waiting.indexOf(take), 1);
      }
    },
  };
}
