import cluster from "node:cluster";
import { crc32 } from "node:zlib";

/** How many payloads of one direction are remembered until they leave at the other leg. */
const MOST = 64;

/** The ids of one process of a cluster are not those of another, as their captures may become one file. */
let last = BigInt(cluster.worker?.id ?? 0) << 48n;

/** Recognizes a payload at the other leg, to give it the same `epb_packetid`. */
export class PayloadIds {
  readonly #waiting: { readonly key: string; readonly id: bigint }[] = [];

  /** The id of a payload that came in. */
  of(payload: Buffer): bigint {
    last += 1n;
    if (this.#waiting.length >= MOST) this.#waiting.shift();
    this.#waiting.push({ key: keyOf(payload), id: last });
    return last;
  }

  /** The id of a payload that goes out; undefined when no payload came in with these bytes. */
  again(payload: Buffer): bigint | undefined {
    const key = keyOf(payload);
    const at = this.#waiting.findIndex((each) => each.key === key);
    return at === -1 ? undefined : this.#waiting.splice(0, at + 1).at(-1)?.id;
  }

  /** The id of a payload that a plugin made. */
  fresh(): bigint {
    last += 1n;
    return last;
  }
}

function keyOf(payload: Buffer): string {
  return `${payload.length} ${crc32(payload)}`;
}
