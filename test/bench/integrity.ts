import { createHash, randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { bounded } from "../support/bounded.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { connect } from "../support/sockets.ts";
import { candidates, type Candidate } from "./candidates.ts";
import { checkRequests } from "./integrity-of-requests.ts";
import { backEnds } from "./load/stream-ends.ts";
import { startUnderTest, type UnderTest, type Workshop } from "./under-test.ts";

const streams = 4;
const bytesPerStream = 16 * 1024 * 1024;
const largestWrite = 200_000;
const limitMs = 120_000;
const datagrams = 2000;
const pool = randomBytes(8 * 1024 * 1024);

/**
 * Checks that a candidate passes bytes unchanged: several streams, both directions at once, readers that read in bursts, SHA-256 of each.
 * For UDP, datagrams of random sizes and contents, one after the other; for HTTP, requests.
 *
 * @returns what is wrong; undefined when nothing is
 */
export async function integrityFault(name: string, workshop: Workshop): Promise<string | undefined> {
  const candidate = candidates[name];
  if (candidate === undefined) return `no candidate "${name}"`;
  let proxy: UnderTest | undefined;
  try {
    proxy = await startUnderTest(name, candidate, workshop);
    return await bounded(check(proxy, candidate.transport), "all bytes to come through", limitMs);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await proxy?.stop();
  }
}

function check(proxy: UnderTest, transport: Candidate["transport"]): Promise<string | undefined> {
  if (transport === "udp") return checkDatagrams(proxy);
  if (transport === "http" || transport === "http2" || transport === "http to http2") return checkRequests(proxy, transport);
  return checkStreams(proxy, transport === "tls");
}

async function checkStreams({ listen, upstream }: UnderTest, tls: boolean): Promise<string | undefined> {
  const behind: Promise<[string, string]>[] = [];
  const sockets: Socket[] = [];
  const atBackEnd = (socket: Socket): void => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    behind.push(Promise.all([send(socket), receive(socket)]));
  };
  const servers = backEnds.map((host) => createServer(atBackEnd).listen(upstream, host));
  await Promise.all(servers.map((server) => once(server, "listening")));
  try {
    const front = await Promise.all(
      Array.from({ length: streams }, async () => {
        const socket = tls ? await connectSecurely(listen) : await connect(listen);
        sockets.push(socket);
        return Promise.all([send(socket), receive(socket)]);
      }),
    );
    const back = await Promise.all(behind);
    const same = (sent: string[], received: string[]): boolean => sent.toSorted().join() === received.toSorted().join();
    const up = same(
      front.map(([sent]) => sent),
      back.map(([, received]) => received),
    );
    const down = same(
      back.map(([sent]) => sent),
      front.map(([, received]) => received),
    );
    return up && down ? undefined : `bytes differ ${up ? "from upstream to client" : "from client to upstream"}`;
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  }
}

function connectSecurely(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Random pieces of random sizes, as fast as the other side takes them; gives their hash. */
function send(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const hash = createHash("sha256");
    let sent = 0;
    const more = (): void => {
      while (sent < bytesPerStream) {
        const length = Math.min(bytesPerStream - sent, randomInt(1, largestWrite));
        const start = randomInt(pool.length - length);
        const piece = pool.subarray(start, start + length);
        hash.update(piece);
        sent += length;
        if (!socket.write(piece)) return void socket.once("drain", more);
      }
      resolve(hash.digest("hex"));
    };
    more();
  });
}

/** Reads with pauses, so that the proxy meets full and empty sockets in turn; gives the hash of what came. */
function receive(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      received += chunk.length;
      if (received === bytesPerStream) resolve(hash.digest("hex"));
      else if (received > bytesPerStream) reject(new Error("more bytes came than were sent"));
      else if (randomInt(50) === 0) {
        socket.pause();
        setTimeout(() => socket.resume(), randomInt(8));
      }
    });
    socket.on("close", () => {
      reject(new Error(`a connection closed after ${received} of ${bytesPerStream} bytes`));
    });
  });
}

async function checkDatagrams({ listen, upstream }: UnderTest): Promise<string | undefined> {
  const backend = createSocket("udp4");
  backend.on("message", (datagram, from) => backend.send(datagram, from.port, from.address));
  await new Promise<void>((resolve) => void backend.bind(upstream, "127.0.0.1", resolve));
  const client = await bindUdp();
  try {
    for (let index = 0; index < datagrams; index += 1) {
      const length = randomInt(1, 9000);
      const start = randomInt(pool.length - length);
      const datagram = pool.subarray(start, start + length);
      const reply = new Promise<Buffer>((resolve) => void client.once("message", resolve));
      client.send(datagram, listen, "127.0.0.1");
      if (!datagram.equals(await bounded(reply, `the reply to datagram ${index}`, 2000))) return `datagram ${index} came back changed`;
    }
    return undefined;
  } finally {
    client.close();
    backend.close();
  }
}
