/** Reads the numbers of QUIC (RFC 9000 section 16). Reading after the end returns 0 or no bytes, and is noted. */
export class Reader {
  isBroken = false;

  /** The offset of the next byte. */
  at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) this.isBroken = true;
    this.at += 1;
    return value ?? 0;
  }

  varint(): number {
    const first = this.byte();
    let value = first & 0x3f;
    // Every valid length here fits exactly into a number.
    for (let more = (1 << (first >> 6)) - 1; more > 0; more -= 1) value = value * 256 + this.byte();
    return value;
  }

  take(length: number): Buffer {
    if (length > this.left) this.isBroken = true;
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}
