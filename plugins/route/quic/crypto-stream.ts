import { Reader } from "./reader.ts";

/** The most bytes of a ClientHello, as over TCP. */
const MOST = 16_000;

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;

/** Assembles the data of CRYPTO frames, which may come in any order, repeatedly, and in several packets (RFC 9000 section 19.6). */
export class CryptoStream {
  #bytes = Buffer.alloc(0);
  /** The ranges of bytes that have come, in order and with gaps between them. */
  #parts: { readonly from: number; readonly to: number }[] = [];
  /** Whether frames contradict each other, or have more bytes than a ClientHello may have. */
  isBroken = false;

  /** The bytes from the start up to the first gap. */
  get beginning(): Buffer {
    const [first] = this.#parts;
    return this.#bytes.subarray(0, first?.from === 0 ? first.to : 0);
  }

  /** Takes the frames of an Initial packet (RFC 9000 section 17.2.2 lists the allowed frames). */
  take(payload: Buffer): void {
    const reader = new Reader(payload);
    while (reader.left > 0 && !reader.isBroken && !this.isBroken) {
      const type = reader.varint();
      if (type === PADDING || type === PING) continue;
      if (type === CRYPTO) this.#put(reader.varint(), reader.take(reader.varint()));
      else if (type === ACK || type === ACK_ECN) skipAck(reader, type === ACK_ECN);
      // The connection is being closed, or this is not a frame.
      else return;
    }
    this.isBroken ||= reader.isBroken;
  }

  #put(from: number, data: Buffer): void {
    const to = from + data.length;
    if (to > MOST) this.isBroken = true;
    if (this.isBroken || data.length === 0) return;
    if (this.#bytes.length < to) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(to - this.#bytes.length)]);
    // With different data for the same range, the proxy and the upstream could see different server names.
    for (const part of this.#parts) {
      const [start, end] = [Math.max(part.from, from), Math.min(part.to, to)];
      if (start < end && !this.#bytes.subarray(start, end).equals(data.subarray(start - from, end - from))) this.isBroken = true;
    }
    data.copy(this.#bytes, from);
    const touching = this.#parts.filter((part) => part.from <= to && part.to >= from);
    const others = this.#parts.filter((part) => !touching.includes(part));
    const merged = { from: Math.min(from, ...touching.map((part) => part.from)), to: Math.max(to, ...touching.map((part) => part.to)) };
    this.#parts = [...others, merged].toSorted((a, b) => a.from - b.from);
  }
}

function skipAck(reader: Reader, hasEcn: boolean): void {
  reader.varint();
  reader.varint();
  const ranges = reader.varint();
  reader.varint();
  for (let left = 2 * ranges + (hasEcn ? 3 : 0); left > 0 && !reader.isBroken; left -= 1) reader.varint();
}
