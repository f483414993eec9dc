import type { Duplex, Readable } from "node:stream";
import type { SocketAddress } from "../addresses/address.ts";
import type { SluiceError } from "../errors/errors.ts";
import type { SessionAttempt } from "../upstream/attempt.ts";
import type { UpstreamConfig } from "../upstream/upstream.ts";
import type { Session } from "./session.ts";

/** Header fields by name in lower case. A field that was sent several times has all its values, in order. */
export type HttpHeaders = Record<string, string | string[]>;

/** The outcome of a request, known once nothing more of its response is sent. */
export interface ExchangeEnd {
  /** The status that was sent to the client; 0 when none was sent. */
  readonly status: number;
  /** The endpoint that answered; undefined when none did. */
  readonly upstream: string | undefined;
  /** Bytes of the request's body that were read. */
  readonly requestBytes: number;
  /** Bytes of the response's body that were sent; after an upgrade, the bytes that the upstream sent. */
  readonly responseBytes: number;
  readonly durationMs: number;
  /** Why it failed; also set when the client was sent an answer that says so. */
  readonly error: SluiceError | undefined;
  /** The tries, if there were several or the only one failed: the first 100. */
  readonly attempts?: readonly SessionAttempt[] | undefined;
}

/** One try at a request, just before it is sent to an endpoint. */
export interface HttpAttempt {
  /** As written in the config. */
  readonly endpoint: string;
  /** The scheme of the request to the endpoint. */
  readonly scheme: "http" | "https";
  /** Path and query, as they are sent. */
  readonly url: string;
  /** The header fields of this try alone: a listener may change them. */
  readonly headers: HttpHeaders;
}

/** The outcome of one try. Without a status and without an error, the try was given up. */
export interface HttpAttemptEnd {
  /** The status of its response; undefined when it got none. */
  readonly status?: number | undefined;
  /** Why it got no response. */
  readonly error?: SluiceError | undefined;
}

/** @returns a function that is called once, when the header of the response has arrived, or when none will arrive */
export type HttpAttemptListener = (attempt: HttpAttempt) => ((end: HttpAttemptEnd) => void) | undefined;

/** One HTTP request, as the `exchange` hook sees it. The hooks after a hook, and the upstream, see its changes. */
export interface HttpRequest {
  /** The session of the connection. Its `client` is the client of the connection; a proxy in front may send requests of several clients over it. */
  readonly session: Session;
  /** The client of this request: the session's, or the one that a proxy of `trustedProxies` names. Its port is 0 if the proxy does not send it. */
  readonly client: SocketAddress;
  /** The method, such as `GET`. */
  readonly method: string;
  /** The host asked for: in lower case, without its port. */
  readonly host: string;
  /** The scheme that the client used. */
  readonly scheme: "http" | "https";
  /** The client's version: `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Path and query, as sent to the upstream: starts with a slash. */
  url: string;
  /** End-to-end header fields. Fields of the connection (Connection, Transfer-Encoding, …) are not among them, and are not sent. */
  headers: HttpHeaders;
  /**
   * On HTTP/1, if a name was sent with capital letters: for each field its name in lower case, then its name as it was sent. The names are sent
   * on with these capitals, since some peers are case-sensitive, although none should be (RFC 9110 section 5.1).
   */
  readonly fieldNames?: readonly string[] | undefined;
  /** The upstream that the request is sent to, instead of the route's. */
  upstream: UpstreamConfig | undefined;
  /** Whether the client asks for another protocol, such as a WebSocket. A response with status 101 then has the upstream connection in `upgraded`. */
  readonly isUpgrade: boolean;
  /** The protocol asked for: the Upgrade field, or `:protocol` of HTTP/2 (RFC 8441), whose requests look like those of HTTP/1. Undefined: none. */
  readonly upgrade?: string | undefined;
  /**
   * The body as it arrives; undefined when there is none. A hook that answers by itself may leave it unread. A hook may set another body, as
   * bytes, a string or a stream: that one is sent instead, with its length or, for a stream, with a marked end.
   */
  get body(): Readable | undefined;
  set body(body: Readable | Uint8Array | string | undefined);
  /** Whether another attempt would send the same request: it has no body, or the part of the body that was read is still kept. */
  readonly replayable: boolean;
  /** Whether a byte of it may have reached an upstream. As long as it is false, any method may be sent again (RFC 9110 section 9.2.2). */
  readonly sent: boolean;
  /** Whether `http()` tries the next endpoint by itself, once, if nothing was sent yet. A hook that tries again sets it to false. @default true */
  failover: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Calls `listener` before each try, also those of hooks nearer to the upstream and of `http()` itself (`failover`). */
  onAttempt(listener: HttpAttemptListener): void;
  /** Calls `listener` once, when the exchange is over. */
  onEnd(listener: (end: ExchangeEnd) => void): void;
}

/** One HTTP response, as the `exchange` hook sees it. Its body may not have arrived yet. */
export interface HttpResponse {
  /** The status, such as 200. */
  readonly status: number;
  /** The words after the status, on HTTP/1. @default the usual ones for the status */
  readonly statusText?: string | undefined;
  /** End-to-end header fields. */
  readonly headers: HttpHeaders;
  /** Like `fieldNames` of a request. */
  readonly fieldNames?: readonly string[] | undefined;
  /** The body: bytes, a text (UTF-8), or a stream. @default none */
  readonly body?: Readable | Buffer | string | undefined;
  /** Called once the body has ended. */
  readonly trailers?: (() => HttpHeaders) | undefined;
  /** The names of the trailers, like `fieldNames`. Called together with `trailers`. */
  readonly trailerNames?: (() => readonly string[]) | undefined;
  /** The endpoint that answered, for logs. */
  readonly upstream?: string | undefined;
  /** Why this is not the response that was asked for. Without a body, `http()` writes one with the error, in a form that the client accepts. */
  readonly error?: SluiceError | undefined;
  /**
   * With status 101: the connection to the upstream. The `upgrade` field of `headers` names the agreed protocol; without it, it is the one that
   * was asked for. All data from the client is written to this connection, and all data from it is sent to the client.
   */
  readonly upgraded?: Duplex | undefined;
}
