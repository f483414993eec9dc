import { Duplex } from "node:stream";
import type { UpstreamConnection } from "./connection/upstream-connection.ts";

/** Bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** The socket for Node's client: what it writes is sent on the connection. The connection itself reads the response. */
export class RequestStream extends Duplex {
  #written: (() => void) | undefined;

  constructor(private readonly connection: UpstreamConnection) {
    super({ writableHighWaterMark: HIGH_WATER });
    // Ignored: the connection reports the same error.
    this.on("error", () => undefined);
  }

  /** Called when the connection has room again. */
  drained(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  override _read(): void {
    // Nothing is ever read here.
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
