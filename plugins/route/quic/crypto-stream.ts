import { Reader } from "./reader.ts";

/** The most bytes of a ClientHello, as over TCP. */
const MOST = 16_000;

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;

/**
 * Assembles the data of CRYPTO frames, which may come in any order, repeatedly, and in several packets (RFC 9000 section 19.6). Each byte of a
 * frame costs the same, however the frames are cut and ordered: a client chooses both.
 */
export class CryptoStream {
  #bytes = Buffer.alloc(0);
  /** 1 for each byte that has come. */
  #has = Buffer.alloc(0);
  /** The length of the beginning that has no gap. */
  #whole = 0;
  /** Whether frames contradict each other, or have more bytes than a ClientHello may have. */
  isBroken = false;

  /** The bytes from the start up to the first gap. */
  get beginning(): Buffer {
    return this.#bytes.subarray(0, this.#whole);
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
    if (from + data.length > MOST) this.isBroken = true;
    if (this.isBroken) return;
    this.#makeRoom(from + data.length);
    for (const [index, byte] of data.entries()) {
      const at = from + index;
      // With different data for the same place, the proxy and the upstream could see different server names.
      if (this.#has[at] === 1 && this.#bytes[at] !== byte) this.isBroken = true;
      this.#bytes[at] = byte;
      this.#has[at] = 1;
    }
    while (this.#has[this.#whole] === 1) this.#whole += 1;
  }

  /** Twice as much as before, at least: a copy for each frame would make the cost of a frame depend on those before it. */
  #makeRoom(length: number): void {
    if (this.#bytes.length >= length) return;
    const more = Buffer.alloc(Math.max(length, 2 * this.#bytes.length) - this.#bytes.length);
    this.#bytes = Buffer.concat([this.#bytes, more]);
    this.#has = Buffer.concat([this.#has, more]);
  }
}

function skipAck(reader: Reader, hasEcn: boolean): void {
  reader.varint();
  reader.varint();
  const ranges = reader.varint();
  reader.varint();
  for (let left = 2 * ranges + (hasEcn ? 3 : 0); left > 0 && !reader.isBroken; left -= 1) reader.varint();
}
