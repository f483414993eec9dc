import type { Socket } from "node:net";
import { startUpstream } from "sluice/testing";
import { bindUdp } from "../support/with-echo-server.ts";
import { isPattern } from "../support/pattern.ts";

/** The first byte of a connection says what the upstream does: echo, reset after a while, stall before it echoes, end at once. */
export type Behaviour = "E" | "R" | "S" | "F";

/** After the behaviour, the connection's number: so that its client can ask what came. */
const headBytes = 5;
/** Where behaviour R resets. */
export const resetAfter = 20_000;
const stallMs = 300;

/** What an upstream got from one connection. */
export interface Received {
  bytes: number;
  intact: boolean;
  ended: boolean;
}

export interface Upstreams {
  readonly tcp: string;
  readonly udp: string;
  /** What came over the connection with that number. */
  received(connection: number): Received | undefined;
  forget(connection: number): void;
  close(): Promise<void>;
}

/** Makes the beginning of a connection. */
export function headOf(behaviour: Behaviour, connection: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.write(behaviour);
  head.writeUInt32BE(connection, 1);
  return head;
}

/** Starts the servers that the soaked proxy leads to. */
export async function startUpstreams(): Promise<Upstreams> {
  const table = new Map<number, Received>();
  const tcp = await startUpstream((socket) => serve(socket, table));
  const udp = await bindUdp();
  udp.on("message", (datagram, from) => udp.send(datagram, from.port, from.address));
  return {
    tcp: `upstream.test:${tcp.port}`,
    udp: `127.0.0.1:${udp.address().port}`,
    received: (connection) => table.get(connection),
    forget: (connection) => void table.delete(connection),
    close: async () => {
      udp.close();
      await tcp.close();
    },
  };
}

function serve(socket: Socket, table: Map<number, Received>): void {
  let head = Buffer.alloc(0);
  const endEarly = (): void => void socket.end();
  socket.on("end", endEarly);
  socket.on("data", function first(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    if (head.length < headBytes) return;
    socket.off("data", first).off("end", endEarly).pause();
    const received = { bytes: 0, intact: true, ended: false };
    table.set(head.readUInt32BE(1), received);
    const rest = head.subarray(headBytes);
    behave(socket, String.fromCharCode(head[0] ?? 0) as Behaviour, received);
    if (rest.length > 0) socket.emit("data", rest);
  });
}

function behave(socket: Socket, behaviour: Behaviour, received: Received): void {
  socket.on("data", (chunk: Buffer) => {
    received.intact &&= isPattern(received.bytes, chunk);
    received.bytes += chunk.length;
    if (behaviour === "F") return;
    if (behaviour === "R" && received.bytes >= resetAfter) return void socket.resetAndDestroy();
    if (!socket.write(chunk)) socket.pause().once("drain", () => socket.resume());
  });
  socket.on("end", () => {
    received.ended = true;
    socket.end();
  });
  if (behaviour === "F") socket.end();
  if (behaviour === "S") setTimeout(() => socket.resume(), stallMs);
  else socket.resume();
}
