import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type { HttpOptions } from "../exchange/options.ts";

/** What a header may have beyond `limits.header` and still be answered: most clients send no more than 64 KiB. */
const ANSWERED_BYTES = 128 * 1024;
/** The same for fields. */
const ANSWERED_FIELDS = 8192;
const PSEUDO_FIELDS = 8;
/** Of a response, by a measure of nghttp2's own that exceeds what is sent. */
const SENT_HEADER = 1024 * 1024;

/** A connection, as the server sees it. */
export interface FrontConnection {
  /** Its session has been made. */
  begun(session: ServerHttp2Session): void;
  /** @param fields names and values, one after the other */
  request(stream: ServerHttp2Stream, fields: readonly string[]): void;
}

/**
 * Node's own server of HTTP/2, which never listens: connections are given to it. Shared by the connections of one plugin instance, and
 * made when the first one comes.
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

  /** No connection comes any more; those that are open are served to their end. */
  retire(): void {
    this.#retired = true;
    this.#closeWhenFree();
  }

  #closeWhenFree(): void {
    if (!this.#retired || this.#open > 0) return;
    this.#server?.close();
    // A session that began before may bring its first byte only now, and is served like any other.
    this.#server = undefined;
  }

  #create(): Http2Server {
    const { limits, timeouts } = this.options;
    const server = createServer({
      maxSessionMemory: 16,
      // Node resets what is beyond these, without a word: they only bound what has to be counted to be answered with 431.
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
    // Emitted within the connection's own event.
    server.on("session", (session) => {
      const connection = this.#beginning;
      this.#beginning = undefined;
      if (connection === undefined) return;
      this.#connections.set(session, connection);
      connection.begun(session);
      session.on("error", () => undefined);
      session.setTimeout(timeouts.keepAlive, () => {
        session.close();
      });
    });
    server.on("sessionError", () => undefined);
    server.on("stream", (stream, _headers, _flags, ...more: unknown[]) => {
      stream.on("error", () => undefined);
      const connection = stream.session === undefined ? undefined : this.#connections.get(stream.session);
      if (connection === undefined) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else connection.request(stream, more[0] as readonly string[]);
    });
    return server;
  }
}
