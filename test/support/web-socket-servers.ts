import { createServer } from "node:http";
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { portOf } from "./sockets.ts";
import { webSocketOn } from "./web-socket-over-http2.ts";

/** The next message. */
export const nextMessage = async (socket: WebSocket): Promise<Buffer> => {
  const [data] = (await eventOf(socket, "message")) as [RawData];
  return data as Buffer;
};
const echo = (socket: WebSocket): void => {
  socket.on("message", (data, isBinary) => {
    socket.send(data, { binary: isBinary });
  });
};

/** A WebSocket server of HTTP/1.1 that says where it was asked, and echoes. Anything else is answered with a page. */
export async function startEcho(
  cleanup: Cleanup,
): Promise<{ readonly endpoint: string; readonly sockets: WebSocketServer; readonly connections: Set<Socket> }> {
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<h1>page</h1>"));
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
  sockets.on("connection", (socket, { url }) => {
    socket.send(`at ${url}`);
    echo(socket);
  });
  const connections = new Set<Socket>();
  server.on("connection", (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.close();
    server.closeAllConnections();
  });
  return { endpoint: `127.0.0.1:${portOf(server)}`, sockets, connections };
}

export interface Http2Echo {
  readonly endpoint: string;
  readonly asked: IncomingHttpHeaders[];
  readonly streams: ServerHttp2Stream[];
}

/** The same of HTTP/2, with prior knowledge. @param serve instead */
export async function startHttp2Echo(
  cleanup: Cleanup,
  settings: object = { enableConnectProtocol: true },
  serve?: (stream: ServerHttp2Stream) => void,
): Promise<Http2Echo> {
  const server = createHttp2Server({ settings });
  const asked: IncomingHttpHeaders[] = [];
  const streams: ServerHttp2Stream[] = [];
  server.on("session", (session) => {
    session.on("error", () => undefined);
    cleanup.add(() => session.destroy());
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    asked.push(headers);
    streams.push(stream);
    if (serve !== undefined) {
      serve(stream);
      return;
    }
    if (headers[":protocol"] === undefined) {
      stream.respond({ ":status": 200 });
      stream.end("plain");
      return;
    }
    stream.respond({ ":status": 200, "sec-websocket-protocol": "chat" });
    const socket = webSocketOn(cleanup, stream, "server");
    socket.send(`at ${headers[":path"]}`);
    echo(socket);
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  return { endpoint: `127.0.0.1:${portOf(server)}`, asked, streams };
}
