import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Duplex } from "node:stream";
import type { HttpOptions } from "./options.ts";

/** A connection, as its server sees it. */
export interface FrontConnection {
  readonly stream: Duplex;
  http2: ServerHttp2Session | undefined;
  /** Requests are being served. */
  readonly isBusy: boolean;
  request(incoming: IncomingMessage | Http2ServerRequest, outgoing: ServerResponse | Http2ServerResponse): void;
  /** A request for a WebSocket. @param outgoing for an answer that is none */
  upgrade(incoming: IncomingMessage, outgoing: ServerResponse): void;
  /** Node's parser, or its clock, gave up. */
  malformed(code: string): void;
}

/** How often Node looks for connections whose time is up. */
const CHECK_MS = 1_000;

/**
 * Node's own servers, which never listen: connections are given to them. Shared by the connections of one plugin instance, and made
 * when the first one comes.
 */
export class Front {
  readonly #connections = new WeakMap<object, FrontConnection>();
  #open = 0;
  #retired = false;
  /** The connection whose session is being made. */
  #beginning: FrontConnection | undefined;
  #http1: Server | undefined;
  #http2: Http2Server | undefined;

  constructor(private readonly options: HttpOptions) {}

  /** Serves a connection with HTTP/1.1. */
  serve(connection: FrontConnection): void {
    this.#http1 ??= this.#createHttp1();
    this.#take(connection);
    this.#http1.emit("connection", connection.stream);
  }

  /** Serves a connection with HTTP/2. */
  serveHttp2(connection: FrontConnection): void {
    this.#http2 ??= this.#createHttp2();
    this.#take(connection);
    this.#beginning = connection;
    this.#http2.emit("connection", connection.stream);
  }

  /** No connection comes any more; those that are open are served to their end. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenFree();
  }

  #take(connection: FrontConnection): void {
    this.#connections.set(connection.stream, connection);
    this.#open += 1;
    connection.stream.once("close", () => {
      this.#open -= 1;
      this.#closeWhenFree();
    });
  }

  /** Closing a server ends its timer. */
  #closeWhenFree(): void {
    if (!this.#retired || this.#open > 0) return;
    this.#http1?.close();
    this.#http2?.close();
    // A session that began before may bring its first byte only now, and is served like any other.
    this.#http1 = undefined;
    this.#http2 = undefined;
  }

  #createHttp1(): Server {
    const { limits, timeouts } = this.options;
    const server = createServer({
      maxHeaderSize: limits.header,
      headersTimeout: timeouts.headers,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.keepAlive,
      connectionsCheckingInterval: CHECK_MS,
      insecureHTTPParser: false,
      requireHostHeader: true,
    });
    // At this event Node begins to watch the time that requests take. Without it neither time-out of a request holds.
    server.emit("listening");
    // Beyond the number Node would drop fields without a word. StrictFraming counts them.
    server.maxHeadersCount = 0;
    // Undocumented: a client that has finished sending still gets its answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    const request = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      this.#of(incoming.socket)?.request(incoming, outgoing);
    };
    server.on("request", request);
    server.on("checkContinue", request);
    server.on("upgrade", (incoming: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.#upgrade(incoming, stream, head);
    });
    server.on("clientError", (error: NodeJS.ErrnoException, stream: Duplex) => {
      this.#of(stream)?.malformed(error.code ?? "");
    });
    return server;
  }

  #upgrade(incoming: IncomingMessage, stream: Duplex, head: Buffer): void {
    const connection = this.#of(stream);
    // Answers to requests before it are still to be sent, and nothing may come between them.
    if (connection === undefined || connection.isBusy) {
      stream.destroy();
      return;
    }
    if (isWebSocket(incoming)) {
      if (head.length > 0) stream.unshift(head);
      connection.upgrade(incoming, new ServerResponse(incoming));
      return;
    }
    // Nothing else is upgraded to. Node has left the connection, so the request is put back without what it asked for.
    stream.unshift(Buffer.concat([Buffer.from(plainHead(incoming), "latin1"), head]));
    this.#http1?.emit("connection", stream);
  }

  #createHttp2(): Http2Server {
    const { limits, timeouts } = this.options;
    const server = createHttp2Server({
      maxSessionMemory: 16,
      maxSessionInvalidFrames: 100,
      settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.header, enablePush: false },
    });
    // Emitted within the connection's own event.
    server.on("session", (session) => {
      const connection = this.#beginning;
      this.#beginning = undefined;
      if (connection === undefined) return;
      this.#connections.set(session, connection);
      connection.http2 = session;
      session.on("error", () => undefined);
      session.setTimeout(timeouts.keepAlive, () => {
        session.close();
      });
    });
    server.on("sessionError", () => undefined);
    const request = (incoming: Http2ServerRequest, outgoing: Http2ServerResponse): void => {
      const { session } = incoming.stream;
      const connection = session === undefined ? undefined : this.#of(session);
      outgoing.stream.on("error", () => undefined);
      if (connection === undefined) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else connection.request(incoming, outgoing);
    };
    server.on("request", request);
    server.on("checkContinue", request);
    return server;
  }

  #of(stream: object): FrontConnection | undefined {
    return this.#connections.get(stream);
  }
}

/** Whether a request asks for a WebSocket, and for nothing besides: as StrictFraming sees it. */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const isUpgrade = /^(upgrade|http2-settings)$/i.test(name);
    const value = /^connection$/i.test(name) ? (rawHeaders[at + 1] ?? "").replaceAll(/upgrade|http2-settings/gi, "x") : rawHeaders[at + 1];
    if (!isUpgrade) head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
