import type { SocketAddress } from "sluice";

/** A type-length-value of a header of version 2 (section 2.2.1 of the specification): what the proxy in front says in addition to the addresses. */
export interface ProxyTlv {
  /** 0 to 255: 0x01 ALPN, 0x02 the server name, 0x05 a unique id, 0x20 TLS, 0xE0 to 0xEF the operator's own, … */
  readonly type: number;
  readonly value: Buffer;
}

/** What the proxy in front said about a session. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `LOCAL`: the connection is the front proxy's own, such as a health check. */
  readonly command: "PROXY" | "LOCAL";
  /** The client; undefined when the front proxy does not know it, or the connection is its own. */
  readonly source: SocketAddress | undefined;
  /** The address to which the client connected. */
  readonly destination: SocketAddress | undefined;
  /** In the order of the header. */
  readonly tlvs: readonly ProxyTlv[];
}

/** A header, and its length in bytes. */
export interface ParsedHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}

/** The reason why bytes are not a header; the plugin turns it into the session's error. */
export class HeaderFault extends Error {}

/** The bytes are no header at all. */
export class NoHeader extends HeaderFault {}

/** Refuses a header. @throws HeaderFault */
export function refuse(reason: string): never {
  throw new HeaderFault(reason);
}
