import type { Socket } from "node:net";
import {
  socketAddress,
  SluiceError,
  type ServerTlsOptions,
  type SessionTls,
  type SocketAddress,
  type WireTap,
} from "../../../contract/index.ts";
import type { FirstSource } from "../../first-reading.ts";
import { FirstOfStream } from "../../legs/first-of-stream.ts";
import { StreamLeg } from "../../legs/stream-leg.ts";
import { WireStream } from "../../legs/wire-stream.ts";
import { handleOf, peerName } from "../../node/peer-name.ts";
import type { ReadBuffer } from "../../node/read-buffer.ts";
import { wasReset } from "../../node/was-reset.ts";
import type { AcceptedClient } from "../accepted-client.ts";
import { peekClientHello } from "../tls/peek-hello.ts";
import type { AgreedTls } from "../tls/agreed-tls.ts";
import { DEFAULT_HANDSHAKE_MS, startTls } from "../tls/start-tls.ts";

const nothing = Buffer.alloc(0);

/** The client of a stream session: TCP, TLS or unix. */
export class StreamClient implements AcceptedClient {
  leg: StreamLeg;
  #address: SocketAddress | undefined;
  #local: SocketAddress | undefined;
  #secured = false;

  constructor(
    protected readonly socket: Socket,
    buffer: ReadBuffer | undefined,
  ) {
    this.leg = new StreamLeg(socket, "client", this, buffer);
  }

  /** Read only when it is needed: it costs a system call. */
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
    // An empty write sends nothing, and fails if the client is gone. It succeeds if the client has only finished sending.
    if (!("encrypted" in socket) && socket.writable) socket.write(nothing);
    return false;
  }

  async secure(
    options: ServerTlsOptions,
    timeout = options.handshakeTimeout ?? DEFAULT_HANDSHAKE_MS,
    wire?: Required<WireTap>,
  ): Promise<AgreedTls> {
    this.#mayBegin();
    const start = performance.now();
    const offered = await this.peek(timeout, false);
    return { ...offered, ...(await this.terminate(options, Math.max(1, timeout - (performance.now() - start)), wire)) };
  }

  #mayBegin(): void {
    if (this.#secured)
      throw new SluiceError("SLUICE_INTERNAL", "startTls was called twice for one session: one plugin of a listener terminates TLS");
  }

  protected async terminate(options: ServerTlsOptions, timeout?: number, wire?: Required<WireTap>): Promise<AgreedTls> {
    this.#mayBegin();
    this.#secured = true;
    const below = this.leg;
    below.isBelow = true;
    // A failed handshake is reported before the close, as it contains the reason.
    const { onClosed } = below;
    below.onClosed = undefined;
    if (wire === undefined) this.giveBack();
    // Read now: an error that names the client may come when the socket knows its address no more.
    this.address();
    const base = wire === undefined ? this.socket : new WireStream(below, wire);
    try {
      const { socket, tls } = await startTls(base, this, options, timeout);
      // From here on the TLS socket is the client's leg; the socket below closes with it.
      this.leg = new StreamLeg(socket, "client", this);
      return tls;
    } catch (error) {
      if (!this.socket.closed) below.onClosed = onClosed;
      else if (onClosed !== undefined) setImmediate(onClosed);
      throw error;
    }
  }

  /** Reads the ClientHello and puts it back. */
  protected peek(timeout: number, allowsPlain: boolean): Promise<SessionTls | undefined> {
    // Read now: an error that names the client may come when the socket knows its address no more.
    this.address();
    return peekClientHello(this.first(), this, { timeout, allowsPlain, leg: this.leg });
  }

  first(): FirstSource {
    return new FirstOfStream(this.leg);
  }

  /** Puts bytes that were read early back into the socket, since TLS reads from the socket itself. */
  protected giveBack(): void {
    const early = this.leg.takeBack();
    if (early !== undefined) this.socket.unshift(early);
  }
}

/** A client whose first bytes are a ClientHello. */
export class TlsClient extends StreamClient {
  /** Its ClientHello was read by `hello`. */
  override secure(options: ServerTlsOptions, timeout?: number, wire?: Required<WireTap>): Promise<AgreedTls> {
    return this.terminate(options, timeout, wire);
  }

  hello(timeout: number, allowsPlain: boolean): Promise<SessionTls | undefined> {
    return this.peek(timeout, allowsPlain);
  }
}

function addressOf(socket: Socket): SocketAddress {
  const found = peerName(handleOf(socket));
  if (found !== undefined) return tcpAddress(found.address, found.port, found.family);
  const { remoteAddress, remotePort, remoteFamily } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return socketAddress("", 0, "unix");
  return tcpAddress(remoteAddress, remotePort, remoteFamily);
}

function tcpAddress(address: string, port: number, family: string | undefined): SocketAddress {
  return socketAddress(address, port, family === "IPv6" ? "IPv6" : "IPv4");
}
