import { createServer, type Server } from "node:http";
import type { ListenAddress, SocketAddress } from "../../contract/index.ts";
import { listenHttp } from "../../net/accept/streams/listen-http.ts";
import { handleRequest, type ServerSource } from "./request-handler.ts";

/** Open connections at most. A page has two or three, and each waiting `GET events` has one. */
const mostConnections = 128;
const LAST_ANSWERS_MS = 1_000;
const SUBJECT = "the admin server";
/** Node looks for requests that take too long each 30 s, unless it is told otherwise: a bound of 10 s would be one of 40 s. */
const bounds = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };
/** What is answered to requests that Node has given up. */
const statuses: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Node's own HTTP server with the limits of the admin server. */
export class AdminServer {
  private constructor(
    private readonly server: Server,
    private readonly address: ListenAddress,
    /** The address that is bound. */
    readonly local: SocketAddress,
  ) {}

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  static async bind(address: ListenAddress, served: ServerSource): Promise<AdminServer> {
    const server = createServer(bounds, (request, response) => {
      // The client may leave at any moment.
      request.on("error", () => undefined);
      response.on("error", () => undefined);
      void handleRequest(served, request, response);
    });
    server.maxConnections = mostConnections;
    // Without a handler, running out of descriptors while accepting would end the process.
    server.on("error", () => undefined);
    server.on("clientError", ({ code }: NodeJS.ErrnoException, socket) => {
      const status = statuses[code ?? ""] ?? "400 Bad Request";
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      else socket.destroy();
    });
    return new AdminServer(server, address, await listenHttp(server, address, SUBJECT));
  }

  /** The address as it is bound: its host is an IP address, its port never 0. */
  get bound(): ListenAddress {
    const { address, local } = this;
    return address.path === undefined ? { ...address, host: local.address, port: local.port } : address;
  }

  /** Stops accepting at once, to make room for another server. Connections stay open. */
  release(): void {
    this.server.close();
  }

  /** Accepts again at its address. @throws SLUICE_ADDRESS_IN_USE and other SLUICE_ADDRESS_… codes */
  async reopen(): Promise<void> {
    await listenHttp(this.server, this.bound, SUBJECT);
  }

  /** Stops accepting at once. Answers under way get a moment to finish, since one of them belongs to the call that turned the server off. */
  close(): void {
    this.server.close();
    this.server.closeIdleConnections();
    setTimeout(() => {
      this.server.closeAllConnections();
    }, LAST_ANSWERS_MS).unref();
  }

  /** Stops accepting, and closes connections under way. */
  end(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
