import type { Socket } from "node:net";

/** What an upstream was sent, in the order in which it came: of all its connections together, and no more than it keeps. */
export class Taken {
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

  /** Notes what a socket reads, whoever reads it and however: a listener for `data` would make it flow. */
  watch(socket: Socket): void {
    const push = socket.push.bind(socket);
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (Buffer.isBuffer(chunk)) this.add(chunk);
      return push(chunk, encoding);
    };
  }

  /** The same for a socket that Node's `http` parses below JavaScript, as long as nobody listens. */
  listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      this.add(chunk);
    });
  }
}
