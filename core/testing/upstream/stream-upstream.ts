import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { parseListen, type Transport } from "../../contract/index.ts";
import { formOf, peerTransports } from "../values/transport-form.ts";
import { upstreamCertificate } from "./certificate.ts";
import type { Faults } from "./faults.ts";
import { upstreamAt, type UpstreamPlace } from "./upstream-place.ts";
import { refuseStreams } from "./refusal.ts";
import type { ReceivedData } from "./received-data.ts";
import type { TestUpstream, UpstreamTestOptions } from "./test-upstream.ts";

/** The largest backlog of the kernel: with more connections at once, SYNs are dropped and sent again after a second. */
const BACKLOG = 4_096;

type Accept = (socket: Socket) => void;

interface StreamParts {
  readonly taken: ReceivedData;
  readonly faults: Faults;
}

/** @param behave what to do with each connection; undefined to refuse all */
export async function startStreamUpstream(
  behave: Accept | undefined,
  { taken, faults }: StreamParts,
  transport: Transport,
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

async function refusingPlace(transport: Transport): Promise<UpstreamPlace> {
  const { helloFirst, path } = bindingOf(transport);
  // Where nobody listens there is no file, and connections are refused.
  if (path !== undefined) return { endpoint: `unix:${path}`, port: 0, shut: () => Promise.resolve() };
  const { port, close } = await refuseStreams();
  const ca = helloFirst ? (await upstreamCertificate()).cert : undefined;
  return { endpoint: `127.0.0.1:${port}`, port, ca, shut: close };
}

async function listeningPlace(transport: Transport, port: number, accept: Accept): Promise<UpstreamPlace> {
  const { helloFirst, path } = bindingOf(transport);
  const certificate = helloFirst ? await upstreamCertificate() : undefined;
  const server = certificate === undefined ? createServer({ allowHalfOpen: true, noDelay: true }, accept) : tlsServer(certificate, accept);
  const shut = await listen(server, path === undefined ? { port, host: "127.0.0.1" } : { path });
  const bound = server.address();
  if (bound === null || typeof bound === "string") return { endpoint: `unix:${path}`, port: 0, shut };
  return { endpoint: `127.0.0.1:${bound.port}`, port: bound.port, ca: certificate?.cert, shut };
}

/** Whether clients begin with TLS, and the path where there is no port. */
function bindingOf(transport: Transport): { readonly helloFirst: boolean; readonly path: string | undefined } {
  const { helloFirst, freeAddress } = formOf({ transport });
  return { helloFirst, path: parseListen(freeAddress(), peerTransports).path };
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
