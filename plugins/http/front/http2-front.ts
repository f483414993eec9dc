import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type { HttpOptions } from "../exchange/options.ts";

/** Bytes over `limits.header` with which a header is still answered: most clients send no more than 64 KiB. */
const ANSWERED_BYTES = 128 * 1024;
/** Fields with which a header is still answered. */
const ANSWERED_FIELDS = 8192;
const PSEUDO_FIELDS = 8;
/** The limit of a response's header, in nghttp2's own measure, which is larger than the bytes sent. */
const SENT_HEADER = 1024 * 1024;

/** The event "close" follows, and says as much. */
const ignore = (): void => undefined;

/** A client's connection, as the server sees it. */
export interface FrontConnection {
  /** Called when its session is made. */
  begun(session: ServerHttp2Session): void;
  /** @param fields names and values, one after the other */
  request(stream: ServerHttp2Stream, fields: readonly string[]): void;
}

/**
 * Node's own HTTP/2 server, which never listens: connections are given to it. All connections of one plugin instance share it; the first
 * connection makes it.
 */
export class Http2Front {
  readonly #connections = new WeakMap<object, FrontConnection>();
  #open = 0;
  #retired = false;
  /** The connection whose session is being made. */
  #beginning: FrontConnection | undefined;
  #server: Http2Server | undefined;

  constructor(private readonly options: HttpOptions) {}

  serve(connection: FrontConnection, stream: Duplex): void {
    this.#server ??= this.#create();
    this.#open += 1;
    stream.once("close", () => {
      this.#open -= 1;
      this.#closeWhenFree();
    });
    this.#beginning = connection;
    this.#server.emit("connection", stream);
  }

  /** Closes the server after the last open connection; no more connections come. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenFree();
  }

  #closeWhenFree(): void {
    if (!this.#retired || this.#open > 0) return;
    this.#server?.close();
    // An older session may send its first byte only now; a new server is made for it.
    this.#server = undefined;
  }

  #create(): Http2Server {
    const { limits } = this.options;
    const server = createServer({
      maxSessionMemory: 16,
      // Beyond these limits Node resets a stream without an answer; up to them the answer is 431.
      maxHeaderListPairs: Math.max(limits.fields, ANSWERED_FIELDS) + PSEUDO_FIELDS,
      maxSendHeaderBlockLength: SENT_HEADER,
      maxSessionInvalidFrames: 100,
      settings: {
        maxConcurrentStreams: limits.streams,
        maxHeaderListSize: limits.header + ANSWERED_BYTES,
        enablePush: false,
        enableConnectProtocol: true,
      },
    });
    // Emitted synchronously while the connection is passed to the server.
    server.on("session", (session) => {
      const connection = this.#beginning;
      this.#beginning = undefined;
      if (connection === undefined) return;
      this.#connections.set(session, connection);
      connection.begun(session);
      session.on("error", () => undefined);
    });
    server.on("sessionError", () => undefined);
    server.on("stream", (stream, _headers, _flags, ...more: unknown[]) => {
      stream.on("error", ignore);
      const connection = stream.session === undefined ? undefined : this.#connections.get(stream.session);
      if (connection === undefined) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else connection.request(stream, more[0] as readonly string[]);
    });
    return server;
  }
}
