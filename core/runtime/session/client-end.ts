import type { Socket } from "node:net";
import { socketAddress, SluiceError, type Leg, type ServerTlsOptions, type SessionTls, type SocketAddress } from "../../contract/index.ts";
import { peekClientHello } from "../../net/accept/peek-hello.ts";
import type { ReadBuffer } from "../../net/node/read-buffer.ts";
import { startTls, type AgreedTls } from "../../net/accept/start-tls.ts";
import { StreamLeg } from "../../net/legs/stream-leg.ts";
import type { UdpClientLeg } from "../../net/accept/udp-client-leg.ts";
import { wasReset } from "../../net/node/was-reset.ts";

/** The client's end of a session while it is opened: its leg, which TLS termination replaces. */
export interface ClientEnd {
  leg: Leg;
  address(): SocketAddress;
  /** The address that the client came to; undefined where it is the listener's, or can no longer be asked for. */
  local(): SocketAddress | undefined;
  /** Whether the client has reset the connection, while nobody reads it. A unix socket tells it by an error of its own, later. */
  isGone(): boolean;
  /** Reads the ClientHello and puts it back. */
  hello(timeout: number): Promise<SessionTls>;
  /** Terminates TLS, once; from then on `leg` is the decrypted one. @param timeout milliseconds */
  secure(options: ServerTlsOptions, timeout?: number): Promise<AgreedTls>;
}

const nothing = Buffer.alloc(0);

/** The client's end of a stream session. */
export class StreamEnd implements ClientEnd {
  leg: StreamLeg;
  #address: SocketAddress | undefined;
  #local: SocketAddress | undefined;
  #secured = false;

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

  local(): SocketAddress | undefined {
    const { localAddress, localPort, localFamily } = this.socket;
    if (localAddress !== undefined) this.#local ??= tcpAddress(localAddress, localPort ?? 0, localFamily);
    return this.#local;
  }

  toString(): string {
    return String(this.address());
  }

  isGone(): boolean {
    const { socket } = this.leg;
    if (socket.remoteFamily !== undefined || wasReset(socket)) return wasReset(socket);
    // Sends nothing, and fails where there is nobody. A client that has only finished sending still reads.
    if (!("encrypted" in socket) && socket.writable) socket.write(nothing);
    return false;
  }

  hello(timeout: number): Promise<SessionTls> {
    return peekClientHello(this.socket, String(this), timeout);
  }

  async secure(options: ServerTlsOptions, timeout?: number): Promise<AgreedTls> {
    if (this.#secured)
      throw new SluiceError("SLUICE_INTERNAL", "startTls was called twice for one session: one plugin of a listener terminates TLS");
    this.#secured = true;
    const below = this.leg;
    below.isBelow = true;
    // The handshake's failure comes first, then the close: it says why.
    const { onClosed } = below;
    below.onClosed = undefined;
    const { socket, tls } = await startTls(this.socket, String(this), options, timeout).catch((error: unknown) => {
      if (this.socket.closed) setImmediate(() => onClosed?.());
      else below.onClosed = onClosed;
      throw error;
    });
    // From here the encrypted leg's end is the client's end; the socket below closes with it.
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

  local(): SocketAddress {
    return this.leg.place.local;
  }

  isGone(): boolean {
    return false;
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
  return tcpAddress(remoteAddress, remotePort, remoteFamily);
}

function tcpAddress(address: string, port: number, family: string | undefined): SocketAddress {
  return socketAddress(address, port, family === "IPv6" ? "IPv6" : "IPv4");
}
