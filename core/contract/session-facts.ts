import type { TLSSocket } from "node:tls";
import type { SocketAddress } from "./address.ts";

/** What a listener's clients come by. There may be more: ask for `datagrams` or `tls` where that is what matters. */
export type Transport = "tcp" | "udp" | "tls" | "unix" | (string & Record<never, never>);

/** What passed in one direction, counted where it arrives, before any plugin. */
export interface Traffic {
  readonly bytes: number;
  /** Chunks, or datagrams on a UDP listener. */
  readonly chunks: number;
}

/** What is known of a client's TLS: from its ClientHello on every `tls://` listener, the rest once a plugin terminated it. */
export interface SessionTls {
  /** SNI, in lower case and without a final dot; undefined when the client sent none. */
  readonly serverName: string | undefined;
  /** The protocols offered through ALPN. */
  readonly alpn: readonly string[];
  /** After termination: the protocol version, e.g. `TLSv1.3`. */
  readonly version?: string;
  /** After termination: the ALPN protocol agreed on, if any. */
  readonly protocol?: string;
  readonly cipher?: string;
  /** After termination: whether the client went on with an earlier TLS session, and so without a full handshake. */
  readonly resumed?: boolean;
  /** After termination with `requestCert`: the client's certificate, if it passed verification. */
  readonly clientCertificate?: ReturnType<TLSSocket["getPeerCertificate"]>;
  /** The same without `rejectUnauthorized`: why the certificate that the client showed did not pass, in OpenSSL's words. */
  readonly clientCertificateError?: string;
}

/** What there is to know of a session: what balancing may go by. */
export interface SessionFacts {
  /** Counts up within the process. */
  readonly id: number;
  /** The listener's name in the config. */
  readonly listener: string;
  readonly transport: Transport;
  /** Its chunks are datagrams (`udp://`): each is whole, reading cannot be paused, and there is no end. */
  readonly datagrams: boolean;
  /** Who the client is: who is connected, unless a plugin in front knows better (`setClient`). What is limited, logged and forwarded is this. */
  readonly client: SocketAddress;
  /** Who is connected: the client itself, or a proxy in front of it. */
  readonly peer: SocketAddress;
  /** The listener's own end: of a wildcard listener, the address that the client came to. */
  readonly local: SocketAddress;
  /** The number of the generation whose byte hooks it runs now. */
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The endpoint of the open upstream leg; undefined before it is open. */
  readonly upstream: string | undefined;
  readonly tls: SessionTls | undefined;
  readonly fromClient: Traffic;
  readonly fromUpstream: Traffic;
  /** A place for plugins to leave notes for each other; nothing in the core reads it. */
  readonly notes: Map<string, unknown>;
}
