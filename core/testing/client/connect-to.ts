import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SluiceError, parseListen, reasonOf, type ListenAddress } from "../../contract/index.ts";
import { bounded, DEFAULT_TIMEOUT } from "../values/bounded.ts";
import { refuseUnknown } from "../values/known-keys.ts";
import { bytesOfSize, millisecondsOf } from "../values/read-units.ts";
import { formOf, peerTransports } from "../values/transport-form.ts";
import { DatagramClient } from "./datagram-client.ts";
import { endingBy } from "./end-of-socket.ts";
import { StreamClient } from "./stream-client.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { ConnectOptions, OpenClient } from "./test-client.ts";

const MOST_UNREAD = 16 * 1024 * 1024;

/** A size for large bursts of datagrams: the default (208 KiB) loses some. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * Opens a client to any address.
 *
 * @param url `tcp://127.0.0.1:8080`, `tls://…`, `unix:///path` or `udp://…`
 * @throws SLUICE_TEST_INVALID for another URL, and for options that do not exist, SLUICE_TEST_TIMEOUT, or the error of the system (ECONNREFUSED) or of the handshake
 */
export async function connectTo(url: string, options: ConnectOptions = {}): Promise<OpenClient> {
  const limits = limitsOf(options);
  const address = read(url);
  const { datagrams, helloFirst } = formOf(address);
  if (datagrams) return new DatagramClient(url, await openDatagrams(address), limits);
  const socket = helloFirst ? openSecurely(address, options) : open(address);
  // The client reports later errors.
  socket.on("error", () => undefined);
  const ready = once(socket, helloFirst ? "secureConnect" : "connect");
  try {
    await bounded(ready, limits.timeout, () => `${url} to accept the connection`);
  } catch (error) {
    socket.destroy();
    // A server that accepts and resets at once has been connected to: the kernel tells of both together.
    if (helloFirst || endingBy(error as Error) !== "reset") throw error;
  }
  return new StreamClient(url, socket, limits);
}

/** @throws SLUICE_TEST_INVALID */
function limitsOf(options: ConnectOptions): ClientLimits {
  const place = "connectTo(url, options)";
  refuseUnknown(options, ["timeout", "tls", "unread"] satisfies (keyof ConnectOptions)[], place);
  const { timeout, unread } = options;
  return {
    timeout: timeout === undefined ? DEFAULT_TIMEOUT : millisecondsOf(timeout, `${place}: timeout`),
    unread: unread === undefined ? MOST_UNREAD : bytesOfSize(unread, `${place}: unread`),
  };
}

function read(url: string): ListenAddress {
  try {
    const address = parseListen(url, peerTransports);
    if (address.path !== undefined || address.port > 0) return address;
  } catch (error) {
    throw wrongUrl(url, SluiceError.is(error) ? error.detail : reasonOf(error));
  }
  throw wrongUrl(url, "expected the port that is listened on, got 0, which means any free port to a listener");
}

function wrongUrl(url: string, reason: string): SluiceError {
  return new SluiceError("SLUICE_TEST_INVALID", `connectTo(${JSON.stringify(url)}): ${reason}`);
}

function open({ host, port, path }: ListenAddress): Socket {
  const to = path === undefined ? { host, port } : { path };
  const socket = connect({ ...to, allowHalfOpen: true });
  socket.setNoDelay(true);
  return socket;
}

/** Over a socket of its own: one that Node makes inside cannot be reset. */
function openSecurely(address: ListenAddress, { tls = {} }: ConnectOptions): Socket {
  const verified = tls.ca !== undefined;
  return connectTls({ socket: open(address), servername: "localhost", rejectUnauthorized: verified, ...tls });
}

async function openDatagrams({ host, port }: ListenAddress): Promise<ReturnType<typeof createSocket>> {
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: RECEIVE_BUFFER });
  const connected = once(socket, "connect");
  socket.connect(port, host);
  try {
    await connected;
  } catch (error) {
    // It would keep the process alive.
    socket.close();
    throw error;
  }
  return socket;
}
