import type { Socket } from "node:net";

/** The data that an upstream received on all connections, in the order in which it came, up to a limit. */
export class ReceivedData {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly most: number) {}

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  get whole(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.most - this.#bytes);
    if (kept.length === 0 && chunk.length > 0) return;
    this.#chunks.push(Buffer.from(kept));
    this.#bytes += kept.length;
  }

  /** Notes everything that a socket reads, in any way. It does not listen to `data`, since that would start the reading. */
  watch(socket: Socket): void {
    const push = socket.push.bind(socket);
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (Buffer.isBuffer(chunk)) this.add(chunk);
      return push(chunk, encoding);
    };
  }

  /** Notes the data of a socket that Node's `http` parses in C++, which it does as long as nobody listens to `data`. */
  listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      this.add(chunk);
    });
  }
}
