import { TYPE, type DnsLayout, type RecordPlace } from "./dns-layout.ts";

/** The offsets of the addresses of one name in an answer; all addresses have the same size. */
export interface Rotation {
  readonly places: readonly number[];
  readonly size: number;
}

/** The most addresses whose order rotates. */
const MOST_PLACES = 64;

/**
 * Finds the addresses whose order rotates from answer to answer, as it would at the server (RFC 1794). Only addresses rotate: other data may
 * contain names to which later records point, and may have an order of its own (MX, SRV).
 */
export function rotationsOf(message: Buffer, { records }: DnsLayout): readonly Rotation[] {
  const byName = new Map<string, RecordPlace[]>();
  for (const record of records) {
    if (record.section !== "answer" || (record.type !== TYPE.A && record.type !== TYPE.AAAA)) continue;
    const key = `${record.type} ${message.toString("latin1", record.at, record.ttlAt - 4)}`;
    const others = byName.get(key);
    if (others === undefined) byName.set(key, [record]);
    else others.push(record);
  }
  return [...byName.values()].flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0 || others.length >= MOST_PLACES) return [];
    const size = first.end - first.dataAt;
    const isAlike = others.every(({ dataAt, end, ttl }) => end - dataAt === size && ttl === first.ttl);
    return isAlike ? [{ places: [first, ...others].map(({ dataAt }) => dataAt), size }] : [];
  });
}

/** Puts the addresses of a copy of the answer into the order of its next turn. */
export function rotate(message: Buffer, answer: { readonly message: Buffer; readonly rotations: readonly Rotation[]; turn: number }): void {
  const { turn } = answer;
  answer.turn = (turn + 1) >>> 0;
  for (const { places, size } of answer.rotations) {
    for (const [at, place] of places.entries()) {
      const from = places[(at + turn) % places.length] ?? place;
      answer.message.copy(message, place, from, from + size);
    }
  }
}
