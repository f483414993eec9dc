import { Duplex } from "node:stream";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** Bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** What Node's client takes for its socket: what it writes is sent on the connection. What comes on that, the connection reads by itself. */
export class RequestStream extends Duplex {
  #written: (() => void) | undefined;

  constructor(private readonly connection: UpstreamConnection) {
    super({ writableHighWaterMark: HIGH_WATER });
    // Of no use to anyone: what happens is told by the connection.
    this.on("error", () => undefined);
  }

  /** The connection has room again. */
  drained(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  override _read(): void {
    // Nothing comes.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #send(chunk: Buffer, done: () => void): void {
    if (this.connection.send(chunk)) done();
    else this.#written = done;
  }
}
