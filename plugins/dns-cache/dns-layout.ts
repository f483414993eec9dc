/** The record types that matter here (IANA, DNS parameters). */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, SIG: 24, AAAA: 28, OPT: 41, TSIG: 250 } as const;

/** A resource record's place in a message. */
export interface RecordPlace {
  readonly section: "answer" | "authority" | "additional";
  readonly type: number;
  /** Its CLASS field; in an OPT record the payload size. */
  readonly class: number;
  /** Its TTL field in seconds, read according to RFC 2181 section 8; in an OPT record the flags. */
  readonly ttl: number;
  /** The offsets of the record, of its TTL field, of its data, and of its end. */
  readonly at: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly end: number;
}

/** The offsets of the parts of a DNS message, for patching it in place: unknown parts stay as they are. */
export interface DnsLayout {
  readonly id: number;
  /** The second 16-bit word of the header. */
  readonly flags: number;
  /** The bytes of the one question: name, type, class. */
  readonly question: Buffer;
  readonly questionType: number;
  readonly records: readonly RecordPlace[];
}

export const HEADER = 12;
/** The most records that are read of a message: 65,535 bytes can have 5,957 records, and real messages have at most a few hundred. */
const MOST_RECORDS = 1_024;
const sections = ["answer", "authority", "additional"] as const;

/** @returns undefined for bytes that are not a message with exactly one question, or that do not end where the records end */
export function layoutOf(message: Buffer): DnsLayout | undefined {
  if (message.length < HEADER || message.readUInt16BE(4) !== 1) return undefined;
  const nameEnd = skipName(message, HEADER, false);
  if (nameEnd === undefined || nameEnd + 4 > message.length) return undefined;
  const records = recordsAt(message, nameEnd + 4);
  if (records === undefined) return undefined;
  return {
    id: message.readUInt16BE(0),
    flags: message.readUInt16BE(2),
    question: message.subarray(HEADER, nameEnd + 4),
    questionType: message.readUInt16BE(nameEnd),
    records,
  };
}

/** @returns undefined when the records do not end at the end of the message */
function recordsAt(message: Buffer, from: number): RecordPlace[] | undefined {
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (count > MOST_RECORDS) return undefined;
  // Nearly all queries have no records.
  if (count === 0) return from === message.length ? [] : undefined;
  const records: RecordPlace[] = [];
  const names = new SoundNames(message);
  let at = from;
  for (const [index, section] of sections.entries()) {
    for (let left = message.readUInt16BE(6 + 2 * index); left > 0; left -= 1) {
      const record = recordAt(message, at, section);
      if (record === undefined || !names.isSound(at)) return undefined;
      records.push(record);
      at = record.end;
    }
  }
  return at === message.length ? records : undefined;
}

/** @returns the offset of the end of the questions; undefined when there is no question, or one cannot be read */
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

/**
 * Checks that names end, and do not point back to themselves. A pointer must point to an earlier place in the message (RFC 1035 section
 * 4.1.4). Each place is checked only once, so the work is limited by the length of the message.
 */
class SoundNames {
  #seen: Set<number> | undefined;

  constructor(private readonly message: Buffer) {}

  isSound(from: number): boolean {
    let limit = from;
    for (let at = labelsEnd(this.message, from); at !== undefined; at = labelsEnd(this.message, limit)) {
      if (this.message[at] === 0) return true;
      const target = pointerAt(this.message, at);
      if (target === undefined || target >= limit || target < HEADER) return false;
      // A pointer to the question's name is always good: that name has no pointers.
      if (target === HEADER || this.#seen?.has(target) === true) return true;
      this.#seen ??= new Set();
      this.#seen.add(target);
      limit = target;
    }
    return false;
  }
}

/** @returns where a name's first labels end, with a pointer or the root; undefined when they do not end */
function labelsEnd(message: Buffer, from: number): number | undefined {
  for (let at = from; at < message.length;) {
    const length = message[at] ?? 0;
    if (length === 0 || length >= 0xc0) return at;
    if (length > 63) return undefined;
    at += 1 + length;
  }
  return undefined;
}

function pointerAt(message: Buffer, at: number): number | undefined {
  return at + 2 > message.length ? undefined : message.readUInt16BE(at) & 0x3fff;
}

/** The bytes of a name's labels in lower case, with its pointers followed. @returns undefined for a name without an end, or a too long one */
export function nameAt(message: Buffer, from: number): string | undefined {
  let name = "";
  let start: number | undefined = from;
  while (start !== undefined && name.length <= 255) {
    const end = labelsEnd(message, start);
    if (end === undefined) return undefined;
    name += message.toString("latin1", start, end);
    if (message[end] === 0) return name.length <= 255 ? name.toLowerCase() : undefined;
    const target = pointerAt(message, end);
    start = target === undefined || target >= start ? undefined : target;
  }
  return undefined;
}

/** Walks over a name without following pointers. @returns the offset of its end */
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
