import type { SocketAddress } from "sluice";

/** A type-length-value of a header of version 2 (section 2.2.1 of the specification): what the proxy in front tells besides the addresses. */
export interface ProxyTlv {
  /** 0 to 255: 0x01 ALPN, 0x02 the server name, 0x05 a unique id, 0x20 TLS, 0xE0 to 0xEF the operator's own, … */
  readonly type: number;
  readonly value: Buffer;
}

/** What a proxy in front said of a session. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `LOCAL`: the proxy speaks for itself, as for a health check. */
  readonly command: "PROXY" | "LOCAL";
  /** Who the client is; undefined where the proxy does not know, or speaks for itself. */
  readonly source: SocketAddress | undefined;
  /** Where the client went to. */
  readonly destination: SocketAddress | undefined;
  /** In their order, as they came. */
  readonly tlvs: readonly ProxyTlv[];
}

/** A header, and how many bytes it takes. */
export interface ParsedHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}

/** Why bytes are no header; the plugin makes the session's error of it. */
export class HeaderFault extends Error {}

/** Refuses a header. @throws HeaderFault */
export function refuse(reason: string): never {
  throw new HeaderFault(reason);
}
