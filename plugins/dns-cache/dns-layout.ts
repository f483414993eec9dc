/** Record types that matter here (IANA, DNS parameters). */
export const TYPE = { NS: 2, SOA: 6, OPT: 41 } as const;

/** A resource record's place in a message. */
export interface RecordPlace {
  readonly section: "answer" | "authority" | "additional";
  readonly type: number;
  /** Its CLASS field; of OPT the payload size. */
  readonly class: number;
  /** Its TTL field in seconds, read as RFC 2181 section 8 says; of OPT the flags. */
  readonly ttl: number;
  /** Where the record, its TTL field and its data begin, and where it ends. */
  readonly at: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly end: number;
}

/** Where the parts of a DNS message are, for patching it in place: what is not understood stays as it came. */
export interface DnsLayout {
  readonly id: number;
  /** The second word of the header. */
  readonly flags: number;
  /** The bytes of the one question: name, type, class. */
  readonly question: Buffer;
  readonly questionType: number;
  readonly records: readonly RecordPlace[];
}

export const HEADER = 12;
const sections = ["answer", "authority", "additional"] as const;

/** @returns undefined for what is no message with exactly one question, or does not end where it says */
export function layoutOf(message: Buffer): DnsLayout | undefined {
  if (message.length < HEADER || message.readUInt16BE(4) !== 1) return undefined;
  const nameEnd = skipName(message, HEADER, false);
  if (nameEnd === undefined || nameEnd + 4 > message.length) return undefined;
  const records: RecordPlace[] = [];
  let at = nameEnd + 4;
  for (const [index, section] of sections.entries()) {
    for (let left = message.readUInt16BE(6 + 2 * index); left > 0; left -= 1) {
      const record = recordAt(message, at, section);
      if (record === undefined) return undefined;
      records.push(record);
      at = record.end;
    }
  }
  if (at !== message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    flags: message.readUInt16BE(2),
    question: message.subarray(HEADER, nameEnd + 4),
    questionType: message.readUInt16BE(nameEnd),
    records,
  };
}

/** @returns where the questions end; undefined where there is none, or one that cannot be read */
export function questionsEnd(message: Buffer): number | undefined {
  if (message.length < HEADER) return undefined;
  const count = message.readUInt16BE(4);
  let end: number | undefined = count === 0 ? undefined : HEADER;
  for (let left = count; left > 0 && end !== undefined; left -= 1) {
    const nameEnd = skipName(message, end, false);
    end = nameEnd === undefined || nameEnd + 4 > message.length ? undefined : nameEnd + 4;
  }
  return end;
}

function recordAt(message: Buffer, at: number, section: RecordPlace["section"]): RecordPlace | undefined {
  const fixed = skipName(message, at, true);
  if (fixed === undefined || fixed + 10 > message.length) return undefined;
  const dataAt = fixed + 10;
  const end = dataAt + message.readUInt16BE(fixed + 8);
  if (end > message.length) return undefined;
  const raw = message.readUInt32BE(fixed + 4);
  const type = message.readUInt16BE(fixed);
  const ttl = type !== TYPE.OPT && raw > 0x7fffffff ? 0 : raw;
  return { section, type, class: message.readUInt16BE(fixed + 2), ttl, at, ttlAt: fixed + 4, dataAt, end };
}

/** Walks over a name without following pointers, so it ends. @returns where the name ends */
function skipName(message: Buffer, from: number, pointers: boolean): number | undefined {
  for (let at = from; at < message.length && at - from < 255;) {
    const length = message[at] ?? 0;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return pointers && at + 2 <= message.length ? at + 2 : undefined;
    if (length > 63) return undefined;
    at += 1 + length;
  }
  return undefined;
}
