// A ClientHello (RFC 8446 section 4.1.2) on the wire: one handshake message, split into records at any place, which TCP splits into
// segments at any place. Post-quantum key shares make it larger than one segment, so the first chunk alone is not enough.
//
//   segments │ 16 03 01 00 80 01 00 │ 02 00 … │ … 16 03 01 … │
//   records    └ type version length ┘└ fragment ┘└ type … ┘
//   message                           01 000200 version random session ciphers compression extensions

import { readClientHello, type ClientHello } from "./client-hello-body.ts";

/** Bytes on the wire at most, record headers included. A browser's hello has about 2 KiB. */
const MAX_BYTES = 16_384;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
/** The first byte of TLS (RFC 8446 section 5.1): a record of the handshake. */
export const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** RFC 8446 section 5.1. */
const MAX_FRAGMENT = 16_384;
const nothing = Buffer.alloc(0);

/** The result so far: the hello, `more` (not complete yet), or `invalid` (not a ClientHello). */
export type ClientHelloVerdict = ClientHello | "more" | "invalid";

/**
 * Reads a ClientHello from the first bytes of a connection, in chunks of any size. Never throws, and returns `invalid` if 16 KiB were not
 * enough. It keeps a reference to the first chunk until it has a verdict. Bytes that are not TLS are `invalid` from the first byte that differs.
 */
export class ClientHelloParser {
  readonly #header = Buffer.alloc(RECORD_HEADER);
  #headerLength = 0;
  /** Bytes of the current record that have not come yet. */
  #recordLeft = 0;
  /** What has come of the message. A part of the first chunk, which is not written to: most hellos come in one. */
  #message: Buffer = nothing;
  #messageLength = 0;
  #total = 0;
  #verdict: ClientHelloVerdict = "more";

  /** Takes the next bytes. A verdict other than `more` is final; bytes behind the hello are ignored. */
  push(chunk: Buffer): ClientHelloVerdict {
    let offset = 0;
    while (this.#verdict === "more" && offset < chunk.length) {
      offset += this.#recordLeft === 0 ? this.#takeHeader(chunk, offset) : this.#takeFragment(chunk, offset);
    }
    this.#total += offset;
    if (this.#verdict === "more" && this.#total >= MAX_BYTES) this.#verdict = "invalid";
    return this.#verdict;
  }

  #takeHeader(chunk: Buffer, offset: number): number {
    const taken = chunk.copy(this.#header, this.#headerLength, offset, offset + RECORD_HEADER - this.#headerLength);
    this.#headerLength += taken;
    const [type, major] = this.#header;
    if (type !== HANDSHAKE_RECORD || (this.#headerLength > 1 && major !== 3)) this.#verdict = "invalid";
    if (this.#headerLength < RECORD_HEADER) return taken;
    this.#headerLength = 0;
    this.#recordLeft = this.#header.readUInt16BE(3);
    // An empty handshake fragment is forbidden (RFC 8446 section 5.1), and a client could send them for ever.
    if (this.#recordLeft === 0 || this.#recordLeft > MAX_FRAGMENT) this.#verdict = "invalid";
    return taken;
  }

  #takeFragment(chunk: Buffer, offset: number): number {
    const taken = Math.min(this.#recordLeft, chunk.length - offset);
    const fragment = chunk.subarray(offset, offset + taken);
    if (this.#messageLength === 0) this.#message = fragment;
    else this.#append(fragment);
    this.#messageLength += taken;
    this.#recordLeft -= taken;
    this.#verdict = this.#judge();
    return taken;
  }

  #judge(): ClientHelloVerdict {
    if (this.#message[0] !== CLIENT_HELLO) return "invalid";
    if (this.#messageLength < MESSAGE_HEADER) return "more";
    const end = MESSAGE_HEADER + this.#message.readUIntBE(1, 3);
    if (end > MAX_BYTES) return "invalid";
    if (this.#messageLength < end) return "more";
    return readClientHello(this.#message.subarray(MESSAGE_HEADER, end)) ?? "invalid";
  }

  #append(fragment: Buffer): void {
    const length = this.#messageLength + fragment.length;
    if (length > this.#message.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#message.length * 2));
      this.#message.copy(larger, 0, 0, this.#messageLength);
      this.#message = larger;
    }
    fragment.copy(this.#message, this.#messageLength);
  }
}

/**
 * Reads what a client says about itself in the first bytes of a TLS connection. For `session.readFirst`.
 *
 * @returns `more` while it is not complete, `invalid` if the bytes are not the beginning of a ClientHello
 */
export function clientHello(bytes: Buffer): ClientHelloVerdict {
  return new ClientHelloParser().push(bytes);
}
