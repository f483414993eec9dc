import { setTimeout as pause } from "node:timers/promises";
import { bindUdp } from "../support/with-echo-server.ts";
import { isPattern, patternAt } from "../support/pattern.ts";
import type { Tally } from "./tally.ts";

const headBytes = 8;
const largest = 1_400;
const burst = 5;

/**
 * One client that sends numbered datagrams and checks what comes back: its own, unchanged, each at most once and in order. Datagrams
 * may be lost, and are counted; on loopback, at this rate, none should be.
 */
export async function runDatagrams(client: number, port: number, tally: Tally, signal: AbortSignal): Promise<void> {
  const socket = await bindUdp();
  let [sent, received, last] = [0, 0, 0];
  socket.on("message", (datagram) => {
    received += 1;
    const number = datagram.readUInt32BE(4);
    if (datagram.readUInt32BE(0) !== client) tally.error(`udp: client ${client} got a datagram of client ${datagram.readUInt32BE(0)}`);
    else if (number <= last) tally.error(`udp: client ${client} got datagram ${number} after ${last}`);
    else if (!isPattern(number, datagram.subarray(headBytes))) tally.error(`udp: client ${client} got datagram ${number} changed`);
    last = Math.max(last, number);
  });
  while (!signal.aborted) {
    for (let one = 0; one < burst; one += 1) {
      sent += 1;
      const head = Buffer.alloc(headBytes);
      head.writeUInt32BE(client, 0);
      head.writeUInt32BE(sent, 4);
      socket.send(Buffer.concat([head, patternAt(sent, Math.floor(Math.random() * largest))]), port, "127.0.0.1");
    }
    await pause(40);
  }
  await pause(1_000);
  tally.count("udp sent", sent);
  tally.count("udp received", received);
  socket.close();
}
