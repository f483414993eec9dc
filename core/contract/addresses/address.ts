/** One end of a socket. `String(address)` is `127.0.0.1:8080`, `[::1]:8080`, `127.0.0.1` without a known port, or the path of a unix socket. */
export interface SocketAddress {
  /** The IP address without brackets or zone; the path for a unix socket (empty when the peer has none). */
  readonly address: string;
  /** 0 for a unix socket, and when the port is not known, as for a client that a proxy in front named. */
  readonly port: number;
  /** The kind of the address. */
  readonly family: "IPv4" | "IPv6" | "unix";
  /** The address with its port. */
  toString(): string;
}

/** One address of a name, as the `resolve` hook sees it. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
  /** Seconds for which the answer may still be used; 0: for this use only. */
  readonly ttl: number;
}

/** A look-up of an upstream's name. */
export interface Query {
  readonly name: string;
  /** The listener whose session asks. */
  readonly listener: string;
  /**
   * True when the last addresses proved wrong (nothing answers there), or when all that was remembered must be forgotten (SIGHUP,
   * `sluice reload`): a hook that remembers answers then uses none of them, and subscribes to `lookup`. @default false
   */
  readonly fresh?: boolean;
}

/**
 * Makes a {@link SocketAddress}, for `session.setClient`. A v4-mapped IPv6 address becomes plain IPv4, so that one client has one address.
 *
 * @param port 0 when it is not known
 */
export function socketAddress(address: string, port: number, family: SocketAddress["family"]): SocketAddress {
  const mapped = family === "IPv6" && address.startsWith("::ffff:") && address.includes(".");
  return new PlainAddress(mapped ? address.slice(7) : address, port, mapped ? "IPv4" : family);
}

class PlainAddress implements SocketAddress {
  constructor(
    readonly address: string,
    readonly port: number,
    readonly family: SocketAddress["family"],
  ) {}

  toString(): string {
    if (this.port === 0) return this.address;
    return this.family === "IPv6" ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`;
  }
}
