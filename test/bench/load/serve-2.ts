import type { Socket } from "node:net";
import { Http2Frames } from "../../../plugins/http/message/http2-frames.ts";
import { serve } from "./stream-ends.ts";

/** Bytes of the client's preface, and of a frame's header (RFC 9113 sections 3.4 and 4.1). */
const preface = 24;
const frameHeader = 9;

const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const ACK = 1;
/** Bytes that a client may send on a connection before it is granted as many again. */
const granted = 2 ** 30;

const body = Buffer.from("x".repeat(120));
/** Fields as literals without indexing (RFC 7541 section 6.2.2), by the numbers of their names in the static table (appendix A). */
const fields: readonly [number, string][] = [
  [54, "load"],
  [33, "Wed, 25 Nov 2026 11:00:00 GMT"],
  [31, "text/plain"],
  [28, `${body.length}`],
];
const block = Buffer.concat([
  // ":status: 200" is the static table's eighth entry.
  Buffer.of(0x88),
  ...fields.map(([name, value]) => Buffer.concat([Buffer.of(0x0f, name - 0x0f, value.length), Buffer.from(value)])),
]);
const answer = Buffer.concat([frame(1, 4, block), frame(0, 1, body)]);
const secondFrame = frameHeader + block.length;

function frame(type: number, flags: number, payload: Buffer): Buffer {
  const made = Buffer.concat([Buffer.alloc(frameHeader), payload]);
  made.writeUIntBE(payload.length, 0, 3);
  made[3] = type;
  made[4] = flags;
  return made;
}

function grant(): Buffer {
  const amount = Buffer.alloc(4);
  amount.writeUInt32BE(granted);
  return frame(WINDOW_UPDATE, 0, amount);
}

/** One connection: it answers each request, whatever it asks for. Node's server would cost more than the proxy that it is behind. */
class Answering {
  #skip = preface;
  #received = 0;
  readonly #out: Buffer[] = [frame(SETTINGS, 0, Buffer.alloc(0)), grant()];
  readonly #frames = new Http2Frames({
    begun: ({ type, flags, length }) => {
      if (type === SETTINGS && (flags & ACK) === 0) this.#out.push(frame(SETTINGS, ACK, Buffer.alloc(0)));
      if (type === 0) this.#received += length;
    },
    ended: ({ endsStream, stream }) => {
      if (endsStream) this.#answer(stream);
    },
  });

  received(bytes: Buffer, socket: Socket): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#frames.passed(bytes, skipped);
    if (this.#received > granted / 2) {
      this.#received -= granted / 2;
      this.#out.push(grant());
    }
    if (this.#out.length > 0) socket.write(Buffer.concat(this.#out.splice(0)));
  }

  #answer(stream: number): void {
    const made = Buffer.from(answer);
    made.writeUInt32BE(stream, 5);
    made.writeUInt32BE(stream, secondFrame + 5);
    this.#out.push(made);
  }
}

/** An upstream that speaks HTTP/2 without TLS, and answers what the one of HTTP/1.1 does. */
export function serve2(port: number): Promise<void> {
  const connections = new WeakMap<Socket, Answering>();
  return serve(port, (bytes, socket, from) => {
    const connection = connections.get(socket) ?? new Answering();
    connections.set(socket, connection);
    connection.received(from.subarray(0, bytes), socket);
  });
}
