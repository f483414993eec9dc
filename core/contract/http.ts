import type { Duplex, Readable } from "node:stream";
import type { SocketAddress } from "./address.ts";
import type { SluiceError } from "./errors.ts";
import type { SessionAttempt } from "./events.ts";
import type { Session } from "./session.ts";
import type { UpstreamConfig } from "./upstream.ts";

/** Header fields by name in lower case. A field that was sent several times has all its values, in order. */
export type HttpHeaders = Record<string, string | string[]>;

/** What became of a request, once nothing more of its response is sent. */
export interface ExchangeEnd {
  /** The status that the client was sent; 0 when it was sent none. */
  readonly status: number;
  /** The endpoint that answered; undefined when none did. */
  readonly upstream: string | undefined;
  /** Bytes of the request's body that were read. */
  readonly requestBytes: number;
  /** Bytes of the response's body that were sent; after an upgrade, of what the upstream sent. */
  readonly responseBytes: number;
  readonly durationMs: number;
  /** Why it failed: also where the client was sent an answer that says so. */
  readonly error: SluiceError | undefined;
  /** Where there was more than one, or the only one failed: the first 100. */
  readonly attempts?: readonly SessionAttempt[] | undefined;
}

/** One try at a request, just before it is sent to an endpoint. */
export interface HttpAttempt {
  /** As written in the config. */
  readonly endpoint: string;
  /** How the endpoint is asked. */
  readonly scheme: "http" | "https";
  /** Path and query, as they are sent. */
  readonly url: string;
  /** What this try sends, and no other: a listener may change it. */
  readonly headers: HttpHeaders;
}

/** What became of one try: without a status and an error, whoever asked gave it up. */
export interface HttpAttemptEnd {
  /** Of its response; undefined when it got none. */
  readonly status?: number | undefined;
  /** Why it got none. */
  readonly error?: SluiceError | undefined;
}

/** @returns called once, when the header of the response has come, or when none will */
export type HttpAttemptListener = (attempt: HttpAttempt) => ((end: HttpAttemptEnd) => void) | undefined;

/** One HTTP request, as the `exchange` hook sees it. What a hook changes is what the hooks after it, and the upstream, see. */
export interface HttpRequest {
  /** Of the connection. Its `client` is who is connected; several clients may ask over one connection of a proxy in front. */
  readonly session: Session;
  /** Who asked: the session's client, or the client that a proxy of `trustedProxies` names. Its port is 0 where the proxy does not tell it. */
  readonly client: SocketAddress;
  readonly method: string;
  /** The host asked for: in lower case, without its port. */
  readonly host: string;
  /** `http` or `https`: how the client came. */
  readonly scheme: "http" | "https";
  /** `1.0`, `1.1` or `2.0`: the client's. */
  readonly httpVersion: string;
  /** Path and query, as sent to the upstream: starts with a slash. */
  url: string;
  /** End-to-end header fields. What belongs to the connection (Connection, Transfer-Encoding, …) is not among them, and is not sent. */
  headers: HttpHeaders;
  /**
   * On HTTP/1, where a name was sent with capital letters: the name of each field, in lower case and as it was sent, one after the other. So
   * they are sent on: some peers tell them apart, though none should (RFC 9110 section 5.1).
   */
  readonly fieldNames?: readonly string[] | undefined;
  /** Where the request is sent instead of where a route would send it. */
  upstream: UpstreamConfig | undefined;
  /** Whether the client asks for another protocol, such as a WebSocket. Then a response with status 101 has the upstream's end in `upgraded`. */
  readonly isUpgrade: boolean;
  /** Which: what its Upgrade field says, or `:protocol` of HTTP/2 (RFC 8441), whose requests look like those of HTTP/1. Undefined when it asks for none. */
  readonly upgrade?: string | undefined;
  /**
   * The body as it comes; undefined when there is none. Whoever answers without reading it may leave it. A hook may put another in its place, as bytes, a text or a stream: it is sent instead, and its
   * length is said, or its end marked.
   */
  get body(): Readable | undefined;
  set body(body: Readable | Uint8Array | string | undefined);
  /** Whether another attempt would send the same: it has no body, or what was read of it is still kept. */
  readonly replayable: boolean;
  /** Whether a byte of it may have reached an upstream. While none did, it may be sent again whatever its method (RFC 9110 section 9.2.2). */
  readonly sent: boolean;
  /** Whether `http()` tries the next endpoint by itself, once, where nothing was sent. A hook that tries again sets it to false. @default true */
  failover: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Called before each try, whoever asks for it: hooks nearer the upstream, and `http()` by itself (`failover`), try again too. */
  onAttempt(listener: HttpAttemptListener): void;
  /** Called once, when the exchange is over. */
  onEnd(listener: (end: ExchangeEnd) => void): void;
}

/** One HTTP response, as the `exchange` hook sees it. Its body need not have come yet. */
export interface HttpResponse {
  readonly status: number;
  /** The words after the status, on HTTP/1. @default what is usual */
  readonly statusText?: string | undefined;
  readonly headers: HttpHeaders;
  /** As those of a request. */
  readonly fieldNames?: readonly string[] | undefined;
  /** @default none */
  readonly body?: Readable | Buffer | string | undefined;
  /** Asked for once the body has ended. */
  readonly trailers?: (() => HttpHeaders) | undefined;
  /** Of the trailers, as `fieldNames`. Asked for together with them. */
  readonly trailerNames?: (() => readonly string[]) | undefined;
  /** The endpoint that answered, for logs. */
  readonly upstream?: string | undefined;
  /** Why it is not what was asked for. Without a body, `http()` writes one that says so in the form that the client accepts. */
  readonly error?: SluiceError | undefined;
  /** With status 101: the connection to the upstream; `headers` say by `upgrade` what was agreed on, else it is what was asked for. It gets everything that the client sends, and the client everything that it sends. */
  readonly upgraded?: Duplex | undefined;
}
