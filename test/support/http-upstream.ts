import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { portOf } from "./sockets.ts";

/** What an upstream was asked, as it tells it in its answer. */
export interface Told {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly trailers: IncomingMessage["trailers"];
}

export interface HttpUpstream {
  readonly endpoint: string;
  readonly port: number;
  readonly server: Server;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** What was asked so far: `GET /path`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Answers with what it was asked, as JSON. */
export function telling(name = ""): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders, trailers } = request;
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ name, method, url, headers, rawHeaders, trailers, body: String(Buffer.concat(chunks)) } satisfies Told),
      );
    });
  };
}

/** Starts an HTTP server on loopback, which is closed by the cleanup. */
export async function startHttpUpstream(cleanup: Cleanup, answer: RequestListener = telling(), port = 0): Promise<HttpUpstream> {
  const asked: string[] = [];
  let connections = 0;
  let open = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    // Aborted by whoever asked: no error of the test.
    request.on("error", () => undefined);
    answer(request, response);
  });
  server.on("connection", (socket) => {
    connections += 1;
    open += 1;
    socket.on("error", () => undefined);
    socket.on("close", () => (open -= 1));
  });
  server.listen(port, "127.0.0.1");
  await eventOf(server, "listening");
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await eventOf(server, "close");
  };
  cleanup.add(close);
  return {
    endpoint: `127.0.0.1:${portOf(server)}`,
    port: portOf(server),
    server,
    get connections() {
      return connections;
    },
    open: () => open,
    asked,
    close,
  };
}
