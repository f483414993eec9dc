import type { Socket } from "node:net";
import { socketAddress, SluiceError, type Leg, type ServerTlsOptions, type SessionTls, type SocketAddress } from "../contract/index.ts";
import { peekClientHello } from "../net/peek-hello.ts";
import type { ReadBuffer } from "../net/read-buffer.ts";
import { startTls } from "../net/start-tls.ts";
import { StreamLeg } from "../net/stream-leg.ts";
import type { UdpClientLeg } from "../net/udp-client-leg.ts";

/** The client's end of a session while it is opened: its leg, which TLS termination replaces. */
export interface ClientEnd {
  leg: Leg;
  address(): SocketAddress;
  /** Reads the ClientHello and puts it back. */
  hello(timeout: number): Promise<SessionTls>;
  /** Terminates TLS; from then on `leg` is the decrypted one. */
  secure(options: ServerTlsOptions): Promise<Omit<SessionTls, "serverName" | "alpn">>;
}

/** The client's end of a stream session. */
export class StreamEnd implements ClientEnd {
  leg: Leg;
  #address: SocketAddress | undefined;

  constructor(
    private readonly socket: Socket,
    buffer: ReadBuffer | undefined,
  ) {
    this.leg = new StreamLeg(socket, "client", this, buffer);
  }

  /** Asked for when needed: it costs a system call. */
  address(): SocketAddress {
    return (this.#address ??= addressOf(this.socket));
  }

  toString(): string {
    return String(this.address());
  }

  hello(timeout: number): Promise<SessionTls> {
    return peekClientHello(this.socket, String(this), timeout);
  }

  async secure(options: ServerTlsOptions): Promise<Omit<SessionTls, "serverName" | "alpn">> {
    const below = this.leg;
    const { socket, tls } = await startTls(this.socket, String(this), options);
    // From here the encrypted leg's end is the client's end; the socket below closes with it.
    below.onClosed = undefined;
    this.leg = new StreamLeg(socket, "client", this);
    return tls;
  }
}

/** The client's end of a UDP session. */
export class DatagramEnd implements ClientEnd {
  constructor(readonly leg: UdpClientLeg) {}

  address(): SocketAddress {
    return this.leg.client;
  }

  hello(): Promise<SessionTls> {
    return Promise.reject(new SluiceError("SLUICE_INTERNAL", "a UDP session has no TLS"));
  }

  secure(): Promise<SessionTls> {
    return this.hello();
  }
}

function addressOf({ remoteAddress, remotePort, remoteFamily }: Socket): SocketAddress {
  if (remoteAddress === undefined || remotePort === undefined) return socketAddress("", 0, "unix");
  return socketAddress(remoteAddress, remotePort, remoteFamily === "IPv6" ? "IPv6" : "IPv4");
}
