import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { addressBytes } from "sluice";
import { bounded, eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { readBytes } from "./sockets.ts";

/** Type, address and port as SOCKS5 writes them (RFC 1928 section 5). */
export function socksAddress(host: string, port: number): Buffer {
  const kind = { 0: 3, 4: 1, 6: 4 }[isIP(host)] ?? 3;
  const address = kind === 3 ? Buffer.from([host.length, ...Buffer.from(host)]) : addressBytes(host);
  return Buffer.concat([Buffer.from([kind]), address, Buffer.from([port >> 8, port & 0xff])]);
}

/** A datagram for a target, with its header (RFC 1928 section 7). */
export function socksDatagram(host: string, port: number, data: string | Buffer, fragment = 0): Buffer {
  return Buffer.concat([Buffer.from([0, 0, fragment]), socksAddress(host, port), Buffer.from(data)]);
}

export interface Association {
  /** Of the reply. */
  readonly code: number;
  /** Where the proxy wants the datagrams. */
  readonly host: string;
  readonly port: number;
}

/** Greets and asks for UDP ASSOCIATE on an open connection. @param from what the client says of its own address */
export async function associate(
  control: Socket,
  from: { host: string; port: number } = { host: "0.0.0.0", port: 0 },
): Promise<Association> {
  control.write(Buffer.concat([Buffer.from([5, 1, 0, 5, 3, 0]), socksAddress(from.host, from.port)]));
  await readBytes(control, 2);
  return readReply(control);
}

/** The answer to a request. */
export async function readReply(control: Socket): Promise<Association> {
  const head = await readBytes(control, 4);
  const address = await readBytes(control, head[3] === 4 ? 16 : 4);
  const groups = Array.from({ length: 8 }, (_, at) => (address.length === 16 ? address.readUInt16BE(at * 2).toString(16) : ""));
  const host = address.length === 4 ? address.join(".") : new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
  return { code: head[1] ?? -1, host, port: (await readBytes(control, 2)).readUInt16BE() };
}

/** A UDP socket of a client's, with what it got. */
export interface RawUdp {
  readonly socket: UdpSocket;
  readonly port: number;
  send(datagram: Buffer, to: { readonly host: string; readonly port: number }): void;
  /** The next datagram, in order. */
  next(): Promise<{ readonly data: Buffer; readonly from: RemoteInfo }>;
  /** How many came and were not asked for. */
  readonly waiting: number;
}

/** @param host loopback address to bind. @param port 0: a free one */
export async function openUdp(cleanup: Cleanup, host = "127.0.0.1", port = 0): Promise<RawUdp> {
  const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
  socket.on("error", () => undefined);
  socket.bind(port, host);
  await eventOf(socket, "listening");
  cleanup.add(() => new Promise<void>((resolve) => void socket.close(() => resolve())));
  const came: { data: Buffer; from: RemoteInfo }[] = [];
  let wake = (): void => undefined;
  socket.on("message", (data, from) => {
    came.push({ data, from });
    wake();
  });
  const take = async (): Promise<{ data: Buffer; from: RemoteInfo }> => {
    for (;;) {
      const first = came.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return {
    socket,
    port: socket.address().port,
    send: (datagram, to) => void socket.send(datagram, to.port, to.host),
    next: () => bounded(take(), "a datagram"),
    get waiting() {
      return came.length;
    },
  };
}

/** A UDP server that sends everything back, in capitals. */
export async function startShouting(cleanup: Cleanup, host = "127.0.0.1"): Promise<RawUdp> {
  const server = await openUdp(cleanup, host);
  server.socket.on("message", (data, { address, port }) => server.socket.send(data.toString("latin1").toUpperCase(), port, address));
  return server;
}
