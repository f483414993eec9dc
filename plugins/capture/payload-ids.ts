import { crc32 } from "node:zlib";

/** Payloads of one direction that may still come by at the other leg. */
const MOST = 64;

let last = 0n;

/** Knows a payload again at the other leg, to give it the same `epb_packetid`. */
export class PayloadIds {
  readonly #waiting: { readonly key: string; readonly id: bigint }[] = [];

  /** Of a payload that came in. */
  of(payload: Buffer): bigint {
    last += 1n;
    if (this.#waiting.length >= MOST) this.#waiting.shift();
    this.#waiting.push({ key: keyOf(payload), id: last });
    return last;
  }

  /** Of a payload that goes out; undefined: it did not come in like that. */
  again(payload: Buffer): bigint | undefined {
    const key = keyOf(payload);
    const at = this.#waiting.findIndex((each) => each.key === key);
    return at === -1 ? undefined : this.#waiting.splice(0, at + 1).at(-1)?.id;
  }

  /** Of a payload that a plugin made. */
  fresh(): bigint {
    last += 1n;
    return last;
  }
}

function keyOf(payload: Buffer): string {
  return `${payload.length} ${crc32(payload)}`;
}
