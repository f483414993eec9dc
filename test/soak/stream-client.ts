import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { resetSocket } from "../../core/net/node/reset-socket.ts";
import { wasReset } from "../../core/net/node/was-reset.ts";
import { bounded } from "../support/bounded.ts";
import { isPattern, patternAt } from "../support/pattern.ts";

/** Where a soaked listener is. With `ca` it speaks TLS. */
export interface Target {
  readonly name: string;
  readonly port: number;
  readonly ca?: string;
}

const patienceMs = 60_000;

/** A connection that checks every byte of the echo as it comes. */
export class StreamClient {
  /** Bytes of the pattern sent, and come back. */
  sent = 0;
  received = 0;
  intact = true;
  /** The other side's FIN has come. */
  ended = false;
  /** The code of the error that broke it. */
  broken: string | undefined;

  private constructor(
    readonly socket: Socket,
    below: Socket,
  ) {
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => {
      this.ended = true;
      if (wasReset(socket)) this.broken ??= "ECONNRESET";
    });
    for (const each of [socket, below]) each.on("error", (error: NodeJS.ErrnoException) => (this.broken ??= error.code ?? error.message));
  }

  /** Opens a connection. @throws when that fails */
  static async open(target: Target): Promise<StreamClient> {
    const below = connect({ port: target.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const socket = target.ca === undefined ? below : connectTls({ socket: below, servername: "localhost", ca: target.ca });
    const client = new StreamClient(socket, below);
    const opened = once(socket, target.ca === undefined ? "connect" : "secureConnect");
    await bounded(opened, `a connection to ${target.name}`, patienceMs);
    return client;
  }

  /** Leaves with a reset. */
  reset(): void {
    resetSocket(this.socket);
  }

  /** Sends the next bytes of the pattern, and waits while the proxy does not take them. */
  async send(size: number): Promise<void> {
    const piece = patternAt(this.sent, size);
    this.sent += size;
    if (!this.socket.write(piece) && !this.socket.destroyed) await this.#until("drain", "room to send");
  }

  /** Waits until so much of the pattern has come back. */
  async echoed(): Promise<void> {
    while (this.received < this.sent && !this.socket.destroyed && !this.ended) await this.#until("data", "the echo");
  }

  /** Waits until the other side has finished, or it broke. */
  async finished(): Promise<void> {
    if (!this.ended && !this.socket.closed) await this.#until("end", "the other side's end");
  }

  /** Waits until both sides have finished, or it broke. */
  async closed(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.resume();
    await this.#until("close", "its close");
  }

  /** Says what is wrong with a connection that nobody broke; undefined: nothing. */
  fault(): string | undefined {
    if (this.broken !== undefined) return `broke with ${this.broken} after ${this.received} of ${this.sent} bytes`;
    if (!this.intact) return `bytes changed before ${this.received} of ${this.sent}`;
    return this.received === this.sent ? undefined : `${this.received} of ${this.sent} bytes came back`;
  }

  async #until(event: string, what: string): Promise<void> {
    let wake = (): void => undefined;
    const happened = new Promise<void>((resolve) => (wake = resolve));
    this.socket.on(event, wake).on("close", wake);
    try {
      await bounded(happened, `${what}: ${this.received} of ${this.sent} bytes, ended ${String(this.ended)}`, patienceMs);
    } finally {
      this.socket.off(event, wake).off("close", wake);
    }
  }

  #take(chunk: Buffer): void {
    this.intact &&= isPattern(this.received, chunk);
    this.received += chunk.length;
  }
}
