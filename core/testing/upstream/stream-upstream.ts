import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { upstreamCertificate } from "./certificate.ts";
import type { Faults } from "./faults.ts";
import { upstreamAt, type UpstreamPlace } from "./upstream-place.ts";
import { refuseStreams } from "./refusal.ts";
import type { ReceivedData } from "./received-data.ts";
import type { TestUpstream, UpstreamTestOptions } from "./test-upstream.ts";

/** The largest backlog of the kernel: with more connections at once, SYNs are dropped and sent again after a second. */
const BACKLOG = 4_096;

type Accept = (socket: Socket) => void;
type StreamTransport = "tcp" | "tls" | "unix";

interface StreamParts {
  readonly taken: ReceivedData;
  readonly faults: Faults;
}

/** @param behave what to do with each connection; undefined to refuse all */
export async function startStreamUpstream(
  behave: Accept | undefined,
  { taken, faults }: StreamParts,
  transport: StreamTransport,
  { port = 0 }: UpstreamTestOptions,
): Promise<TestUpstream> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    // A reset can come at any time, and is not an error of the test.
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    behave?.(socket);
  };
  const place = behave === undefined ? await refusingPlace(transport) : await listeningPlace(transport, port, accept);
  const shut = async (): Promise<void> => {
    await place.shut();
    faults.rethrow();
  };
  return upstreamAt({ ...place, shut }, { taken, connections: () => connections, sockets, datagrams: false });
}

async function refusingPlace(transport: StreamTransport): Promise<UpstreamPlace> {
  if (transport === "unix") return unixPlace(() => Promise.resolve());
  const { port, close } = await refuseStreams();
  const ca = transport === "tls" ? (await upstreamCertificate()).cert : undefined;
  return { endpoint: `127.0.0.1:${port}`, port, ca, shut: close };
}

async function listeningPlace(transport: StreamTransport, port: number, accept: Accept): Promise<UpstreamPlace> {
  if (transport === "unix") {
    const server = createServer({ allowHalfOpen: true }, accept);
    return unixPlace((file) => listen(server, { path: file }));
  }
  const certificate = transport === "tls" ? await upstreamCertificate() : undefined;
  const server = certificate === undefined ? createServer({ allowHalfOpen: true, noDelay: true }, accept) : tlsServer(certificate, accept);
  const shut = await listen(server, { port, host: "127.0.0.1" });
  const bound = (server.address() as AddressInfo).port;
  return { endpoint: `127.0.0.1:${bound}`, port: bound, ca: certificate?.cert, shut };
}

/** A path in a new folder. When nobody listens, the file does not exist, and connections are refused. */
async function unixPlace(open: (file: string) => Promise<(() => Promise<void>) | void>): Promise<UpstreamPlace> {
  const folder = await mkdtemp(path.join(tmpdir(), "sluice-upstream-"));
  const file = path.join(folder, "socket");
  const shut = await open(file);
  return {
    endpoint: `unix:${file}`,
    port: 0,
    async shut() {
      await shut?.();
      await rm(folder, { recursive: true });
    },
  };
}

function tlsServer(certificate: { readonly cert: string; readonly key: string }, accept: Accept): Server {
  const server = createTlsServer({ ...certificate, allowHalfOpen: true, noDelay: true });
  server.on("secureConnection", accept);
  // A client may refuse the certificate.
  server.on("tlsClientError", (_error, socket) => {
    socket.on("error", () => undefined);
  });
  return server;
}

/** @returns a function that stops listening and breaks off open connections */
async function listen(
  server: Server,
  to: { readonly port: number; readonly host: string } | { readonly path: string },
): Promise<() => Promise<void>> {
  const open = new Set<Socket>();
  // With TLS these are the TCP sockets below the TLS sockets; they exist before the handshake.
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.listen({ ...to, backlog: BACKLOG });
  await once(server, "listening");
  return async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
}
