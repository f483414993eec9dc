import type { IncomingMessage, OutgoingHttpHeaders, RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Duration, Size, UpstreamConfig } from "../../contract/index.ts";

/** An answer of an upstream of kind `http`. */
export interface TestResponse {
  /** The status code. */
  readonly status: number;
  /** The header fields. @default those that Node adds */
  readonly headers?: OutgoingHttpHeaders;
  /** The body. @default empty */
  readonly body?: string | Uint8Array;
}

/** Options of startUpstream(). */
export interface UpstreamTestOptions {
  /** The transport of the upstream. @default "tcp" */
  readonly transport?: "tcp" | "udp" | "tls" | "unix";
  /** The port of 127.0.0.1 to bind. @default a free one */
  readonly port?: number;
  /** For `slow`: the pause between two bytes; on UDP before an answer. @default "10ms" */
  readonly every?: Duration;
  /** For `http`: answers each request. It returns the answer, or writes it itself. @default 200 with method, url, headers and body as JSON */
  readonly respond?: ((request: IncomingMessage) => TestResponse | Promise<TestResponse>) | RequestListener;
  /** The most data that is kept for `received` and `datagrams`, from the beginning. @default "16MiB" */
  readonly keep?: Size;
}

/** An upstream on loopback, for a test. */
export interface TestUpstream extends AsyncDisposable {
  /** The value for a listener's `upstream`: `127.0.0.1:9000`, `unix:/…`, or with TLS the endpoint and the CA to trust. */
  readonly address: UpstreamConfig;
  /** Its address as an endpoint, without TLS. */
  readonly endpoint: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** Connections accepted so far; on UDP the client addresses seen. */
  readonly connections: number;
  /** The connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** All received data of all connections, in the order in which it came. */
  readonly received: Buffer;
  /** UDP: all received datagrams. */
  readonly datagrams: readonly Buffer[];
  /** Stops listening and breaks off open connections. Further calls do nothing. Rejects with the first error of a function of the test, if there was one. */
  close(): Promise<void>;
}
