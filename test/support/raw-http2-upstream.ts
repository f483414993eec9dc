import { createServer, type Socket } from "node:net";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { frame } from "./http2-frames.ts";
import { portOf } from "./sockets.ts";

/** Types and flags of frames (RFC 9113 section 6). */
export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY] = [0, 1, 3, 4, 6, 7];
export const [ACK, END_STREAM, END_HEADERS] = [1, 1, 4];
const PREFACE = 24;
/** `:status: 200`, of HPACK's static table. */
export const OK = Buffer.from([0x88]);

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** An upstream of HTTP/2 by hand: Node's own does not write to a stream that was reset. */
export class RawUpstream {
  readonly came: Frame[] = [];
  #rest = Buffer.alloc(0);
  #isGreeted = false;

  constructor(readonly socket: Socket) {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.send(SETTINGS, 0, 0);
  }

  send(type: number, flags: number, stream: number, payload: Buffer | string = ""): void {
    this.socket.write(frame(type, stream, payload, flags));
  }

  answer(stream: number, text: string): void {
    this.send(HEADERS, END_HEADERS, stream, OK);
    this.send(DATA, END_STREAM, stream, Buffer.from(text));
  }

  of(type: number, flags = 0): readonly Frame[] {
    return this.came.filter((each) => each.type === type && (each.flags & flags) === flags);
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isGreeted) {
      if (this.#rest.length < PREFACE) return;
      this.#rest = this.#rest.subarray(PREFACE);
      this.#isGreeted = true;
    }
    while (this.#rest.length >= 9 && this.#rest.length >= 9 + this.#rest.readUIntBE(0, 3)) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      const [type, flags] = [this.#rest.readUInt8(3), this.#rest.readUInt8(4)];
      this.came.push({ type, flags, stream: this.#rest.readUInt32BE(5), payload: Buffer.from(this.#rest.subarray(9, end)) });
      this.#rest = this.#rest.subarray(end);
      if (type === SETTINGS && flags === 0) this.send(SETTINGS, ACK, 0);
    }
  }
}

/** Starts such an upstream, with the connections that came; it is closed by the cleanup. */
export async function startRawHttp2(
  cleanup: Cleanup,
): Promise<{ readonly endpoint: string; readonly connections: readonly RawUpstream[] }> {
  const connections: RawUpstream[] = [];
  const server = createServer((socket) => {
    cleanup.add(() => void socket.destroy());
    socket.setNoDelay(true);
    connections.push(new RawUpstream(socket));
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  return { endpoint: `127.0.0.1:${portOf(server)}`, connections };
}
