import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Duration, Size, UpstreamConfig } from "../../contract/index.ts";

export interface UpstreamTestOptions {
  /** @default "tcp" */
  readonly transport?: "tcp" | "udp" | "tls" | "unix";
  /** The port of 127.0.0.1 to bind. @default a free one */
  readonly port?: number;
  /** `slow`: the pause between two bytes; on UDP before an answer. @default "10ms" */
  readonly every?: Duration;
  /** `http`: answers each request. @default 200 with method, url, headers and body as JSON */
  readonly respond?: RequestListener;
  /** How much of what came is kept for `received` and `datagrams`: the beginning. @default "16MiB" */
  readonly keep?: Size;
}

/** An upstream on loopback, for a test. */
export interface TestUpstream extends AsyncDisposable {
  /** What `upstream` of a listener takes: `127.0.0.1:9000`, `unix:/…`, or with TLS the endpoint and the CA to trust. */
  readonly address: UpstreamConfig;
  /** Without TLS: where it is, as one endpoint. */
  readonly endpoint: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** Connections accepted so far; on UDP the client addresses seen. */
  readonly connections: number;
  /** The connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Everything that came, of all connections in the order in which it came. */
  readonly received: Buffer;
  /** UDP: every datagram that came. */
  readonly datagrams: readonly Buffer[];
  /** Stops listening and breaks off what is open. Again: nothing. */
  close(): Promise<void>;
}
