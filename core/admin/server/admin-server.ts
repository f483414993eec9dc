import { createServer, type Server } from "node:http";
import type { ListenAddress, SocketAddress } from "../../contract/index.ts";
import { listenHttp } from "../../net/accept/listen-http.ts";
import { handleRequest, type Served } from "./request-handler.ts";

/** Open connections at most: a page has two or three, each waiting `GET events` one. */
const mostConnections = 128;
const LAST_ANSWERS_MS = 1_000;

/** Node's own HTTP server with the limits of this one. */
export class AdminServer {
  private constructor(
    private readonly server: Server,
    /** What is really bound. */
    readonly local: SocketAddress,
  ) {}

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  static async bind(address: ListenAddress, served: Served): Promise<AdminServer> {
    const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
      // Whoever asked may leave at any moment.
      request.on("error", () => undefined);
      response.on("error", () => undefined);
      void handleRequest(served, request, response);
    });
    server.maxConnections = mostConnections;
    server.on("clientError", (_error, socket) => {
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      else socket.destroy();
    });
    return new AdminServer(server, await listenHttp(server, address, "the admin server"));
  }

  /** Stops accepting at once. Answers that are under way have a moment: the call that turned it off is one of them. */
  close(): void {
    this.server.close();
    this.server.closeIdleConnections();
    setTimeout(() => {
      this.server.closeAllConnections();
    }, LAST_ANSWERS_MS).unref();
  }

  /** Stops accepting, and breaks off what is under way. */
  end(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
