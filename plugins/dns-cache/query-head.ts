import { HEADER, questionsEnd } from "./dns-layout.ts";
import { lowerCase } from "./dns-question.ts";

/** What an answer has to repeat of its query (RFC 5452 section 9.1). */
export interface QueryHead {
  readonly id: number;
  readonly opcode: number;
  /** How many questions there are: one, but for oddities. */
  readonly count: number;
  /** The questions, whole: names, types, classes. */
  readonly bytes: Buffer;
  readonly recursionDesired: boolean;
}

const QR = 0x8000;
const OPCODE = 0x7800;
const RD = 0x0100;
const RCODE = 0xf;
const NXDOMAIN = 3;

/** @returns undefined for what is no DNS query with a question. What follows the questions may be anything: a server could read it. */
export function queryHeadOf(datagram: Buffer): QueryHead | undefined {
  const end = questionsEnd(datagram);
  if (end === undefined) return undefined;
  const flags = datagram.readUInt16BE(2);
  if ((flags & QR) !== 0) return undefined;
  return {
    id: datagram.readUInt16BE(0),
    opcode: flags & OPCODE,
    count: datagram.readUInt16BE(4),
    bytes: Buffer.from(datagram.subarray(HEADER, end)),
    recursionDesired: (flags & RD) !== 0,
  };
}

/** Whether a datagram looks like the answer to some query. */
export function isAnswer(datagram: Buffer): boolean {
  return questionsEnd(datagram) !== undefined && (datagram.readUInt16BE(2) & QR) !== 0;
}

/** Whether a datagram is an answer to a query that was sent with this id. Not every server keeps the case of a name. */
export function belongs(datagram: Buffer, id: number, head: QueryHead): boolean {
  if (datagram.length < HEADER || datagram.readUInt16BE(0) !== id) return false;
  if ((datagram.readUInt16BE(2) & (QR | OPCODE)) !== (QR | head.opcode)) return false;
  return isBareError(datagram) || repeatsQuestions(datagram, head);
}

function repeatsQuestions(datagram: Buffer, { count, bytes }: QueryHead): boolean {
  const end = questionsEnd(datagram);
  if (end === undefined || datagram.readUInt16BE(4) !== count) return false;
  const answered = datagram.subarray(HEADER, end);
  return answered.equals(bytes) || (count === 1 && answered.length === bytes.length && lowerCase(answered) === lowerCase(bytes));
}

/** What a server says to a query that it cannot read, or will not: it repeats no question, and brings no record. */
export function isBareError(datagram: Buffer): boolean {
  const rcode = datagram.readUInt16BE(2) & RCODE;
  return (
    datagram.length === HEADER && datagram.readUInt32BE(4) === 0 && datagram.readUInt32BE(8) === 0 && rcode !== 0 && rcode !== NXDOMAIN
  );
}
