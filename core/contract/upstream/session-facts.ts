import type { TLSSocket } from "node:tls";
import type { SocketAddress } from "../addresses/address.ts";

/** How a listener's clients connect. There may be further transports: look at `datagrams` or `tls` if that is what matters. */
export type Transport = "tcp" | "udp" | "tls" | "unix" | (string & Record<never, never>);

/** The traffic of one direction, counted where it arrives, before any plugin. */
export interface Traffic {
  /** Bytes that have come. */
  readonly bytes: number;
  /** Chunks, or datagrams on a UDP listener. */
  readonly chunks: number;
}

/** What is known of a client's TLS: the facts of its ClientHello, on `tls://` before `admit`, and all once a plugin has terminated TLS. */
export interface SessionTls {
  /** SNI, in lower case and without a final dot; undefined when the client sent none. */
  readonly serverName: string | undefined;
  /** The protocols offered through ALPN. */
  readonly alpn: readonly string[];
  /** The TLS versions offered, the newest first, such as `TLSv1.3`. A client that sends no list of them names only the newest. */
  readonly versions: readonly string[];
  /** After termination: the protocol version, e.g. `TLSv1.3`. */
  readonly version?: string;
  /** After termination: the ALPN protocol agreed on, if any. */
  readonly protocol?: string;
  /** After termination: the cipher, in the name that OpenSSL gives it. */
  readonly cipher?: string;
  /** After termination: whether the client resumed an earlier TLS session, without a full handshake. */
  readonly resumed?: boolean;
  /** After termination with `requestCert`: the client's certificate, if it passed verification. */
  readonly clientCertificate?: ReturnType<TLSSocket["getPeerCertificate"]>;
  /** After termination with `requestCert` and without `rejectUnauthorized`: why the client's certificate did not pass, in OpenSSL's words. */
  readonly clientCertificateError?: string;
}

/** The facts about a session, which balancing may use. */
export interface SessionFacts {
  /** Counts up within the process. */
  readonly id: number;
  /** The listener's name in the config. */
  readonly listener: string;
  /** The transport of the listener. */
  readonly transport: Transport;
  /** Its chunks are datagrams (`udp://`): each is whole, reading cannot be paused, and there is no end. */
  readonly datagrams: boolean;
  /** The client: the peer, unless a plugin has set another address (`setClient`). Limits, logs and forwarded headers use this address. */
  readonly client: SocketAddress;
  /** The other end of the connection: the client itself, or a proxy in front of Sluice. */
  readonly peer: SocketAddress;
  /** The listener's own end: on a wildcard listener, the address that the client connected to. */
  readonly local: SocketAddress;
  /** The number of the generation whose byte hooks it runs now. */
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The endpoint of the open upstream leg; undefined before it is open. */
  readonly upstream: string | undefined;
  /** What is known of the client's TLS; undefined when it has none. */
  readonly tls: SessionTls | undefined;
  /** What has come from the client so far. */
  readonly fromClient: Traffic;
  /** What has come from the upstream so far. */
  readonly fromUpstream: Traffic;
  /** A place for plugins to leave notes for each other; nothing in the core reads it. */
  readonly notes: Map<string, unknown>;
}
